import Neural
import Recognition
import Tensors
import Vision

/// Runs one frame stage by stage, in the worker's order: the parts of `FaceFinder`, `FeatureExtractor` and
/// `BundleClassifier` one by one, each timed.
struct StageRun {
  private let decoder: any ImageDecoding
  private let detector: any FaceDetecting
  private let describer: any KeypointDescribing
  private let histogram: HistogramOfGradients
  private let fusion: FeatureFusion
  private let features: any NetworkRunning
  private let classifier: any NetworkRunning

  init(
    decoder: any ImageDecoding, detector: any FaceDetecting, describer: any KeypointDescribing,
    manifest: ModelManifest, networks: BundleNetworks
  ) {
    self.decoder = decoder
    self.detector = detector
    self.describer = describer
    histogram = HistogramOfGradients(normalization: manifest.hogNormalization ?? .max)
    fusion = FeatureFusion(manifest)
    features = networks.features!
    classifier = networks.classifier
  }

  func run(_ frame: [UInt8], _ stage: inout StageClock) async throws {
    let image = try await stage("decode (JPEG 640×480)") { try decoder.decodeGray(frame) }
    let faces = try await stage("face detection") { try detector.detect(in: image).faces }
    guard let face = faces.first else { throw BenchmarkFailure(description: "no face in a rendered frame") }
    let crops = await stage("crop and quality") {
      let crops = FaceCrops(of: face, in: image)
      return FaceQuality(face: face, crops: crops).isUsable ? crops : nil
    }
    guard let crops else { throw BenchmarkFailure(description: "a rendered face of low quality") }
    let hog = await stage("HOG") { histogram.grid(of: crops.hog) }
    let sift = try await stage("SIFT") {
      KeypointGrid(try describer.describe(crops.sift), width: crops.sift.width, height: crops.sift.height).values
    }
    let cnn = try await stage("VGG16") {
      try await features.run(NetworkInput.tensor(of: [crops.vgg])).elements
    }
    let input = await stage("fusion and layout") {
      fusion.input(of: [FrameFeatures(crop: crops.vgg, cnn: cnn, hog: hog, sift: sift)])
    }
    let logits = try await stage("DRSN") { try await classifier.run(input) }
    guard logits.elements.allSatisfy(\.isFinite) else { throw BenchmarkFailure(description: "logits are not finite") }
  }
}
