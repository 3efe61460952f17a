import ImageTypes
import LearningEvents
import Neural
import Recognition
import Synchronization
import Telemetry
import Tensors
import Vision

/// Inspection and recognition over the same stubs: a picture's first byte says what it is, and what the networks answer
/// follows from every number they are given.
struct InspectionBench {
  static let corrupt: UInt8 = 250
  static let huge: UInt8 = 251
  static let empty: UInt8 = 252
  static let dark: UInt8 = 253
  /// The classifying network answers not-a-number.
  static let poison: UInt8 = 254

  let manifest: ModelManifest
  let inputs = Inputs()

  /// The inputs that the classifying network was given.
  final class Inputs: Sendable {
    let seen = Mutex<[[Float]]>([])
  }

  init(
    layout: ModelManifest.LayoutKind, network: String = "drsn18", labels: LabelSet = .learningEmotions,
    temperature: Double = 1.5
  ) {
    let bounds = FamilyBounds(
      cnn: FeatureBounds(minimum: 0, maximum: 1), hog: FeatureBounds(minimum: 0, maximum: 0.8),
      sift: FeatureBounds(minimum: 0, maximum: 255))
    manifest = ModelManifest(
      name: "stub", trained: false, labelSet: labels, network: network, layout: layout, width: .quarter,
      bounds: layout.isFused ? bounds : nil,
      planes: layout == .planes
        ? [.init(mean: 0.25, deviation: 0.5), .init(mean: 0.125, deviation: 0.25), .init(mean: 0.5, deviation: 2)]
        : nil,
      temperature: temperature)
  }

  private func networks(
    _ featureTaps: [String: Tensor<Float>]? = nil, _ classifierTaps: [String: Tensor<Float>]? = nil
  ) -> BundleNetworks {
    BundleNetworks(
      features: manifest.layout.isFused ? HashedFeatures() : nil,
      classifier: HashedClassifier(labels: manifest.labels.count, inputs: inputs),
      tappedFeatures: featureTaps.map(FixedTaps.init), tappedClassifier: classifierTaps.map(FixedTaps.init))
  }

  var recognizer: Recognizer {
    Recognizer(
      model: manifest, id: "stub", networks: [networks()], decoder: Decoder(), detector: Detector(),
      describer: Describer(), registry: MetricsRegistry(), logger: .silent)
  }

  func inspector(
    streams: Int = 1, featureTaps: [String: Tensor<Float>]? = nil, classifierTaps: [String: Tensor<Float>]? = nil
  ) -> Inspector {
    Inspector(
      model: manifest, id: "stub", networks: .init(repeating: networks(featureTaps, classifierTaps), count: streams),
      decoder: Decoder(), detector: Detector(), describer: Describer())
  }

  /// Tells the same whatever it is given.
  private struct FixedTaps: NetworkRunning {
    let told: [String: Tensor<Float>]
    let batch = 1
    init(_ told: [String: Tensor<Float>]) { self.told = told }
    func run(_ input: Tensor<Float>) async throws -> Tensor<Float> { input }
    func taps(of input: Tensor<Float>) async throws -> [String: Tensor<Float>] { told }
  }

  private struct Decoder: ImageDecoding {
    func probe(_ bytes: UnsafeRawBufferPointer) throws(ImageError) -> ImageHeader {
      ImageHeader(width: 200, height: 160, format: .png)
    }

    func decodeGray(_ bytes: [UInt8]) throws(ImageError) -> GrayImage {
      switch bytes.first {
      case nil: throw ImageError(.notAnImage, "no bytes")
      case InspectionBench.corrupt: throw ImageError(.corrupt, "cut short")
      case InspectionBench.huge: throw ImageError(.tooLarge, "declares too much")
      case InspectionBench.dark: return GrayImage(width: 200, height: 160, repeating: 2)
      case .some(let code):
        let pixels = (0..<200 * 160).map { index -> UInt8 in
          let hash = (UInt32(index) &* 2_654_435_761 ^ UInt32(code) &* 40_503) >> 13
          return UInt8(60 + (index % 200 / 8 + index / 1600) % 2 * 100 + Int(hash % 40))
        }
        var image = GrayImage(width: 200, height: 160, pixels: pixels)
        image[199, 159] = code
        return image
      }
    }
  }

  private struct Detector: FaceDetecting {
    func detect(in image: GrayImage) -> FaceDetection {
      if image[199, 159] == InspectionBench.empty { return FaceDetection(faces: []) }
      let view: FaceDetection.View = image[199, 159] % 2 == 0 ? .frontal : .profile
      return FaceDetection(
        faces: [PixelRect(x: 20, y: 10, width: 110, height: 120), PixelRect(x: 0, y: 0, width: 30, height: 30)],
        view: view)
    }
  }

  private struct Describer: KeypointDescribing {
    func describe(_ image: GrayImage) -> [Keypoint] {
      (0..<20).map { index in
        Keypoint(
          x: Float(index * 5), y: Float(index * 37 % 112), response: Float(image.pixels[index * 100]),
          descriptor: (0..<128).map { Float(image.pixels[index * 300 + $0]) })
      }
    }
  }

  private struct HashedFeatures: NetworkRunning {
    let batch = 1

    func run(_ input: Tensor<Float>) async throws -> Tensor<Float> {
      let elements = input.elements
      return Tensor([1, 128, 7, 7], (0..<128 * 49).map { abs(elements[$0 * 23]) / 2 })
    }
  }

  private struct HashedClassifier: NetworkRunning {
    let batch = 1
    let labels: Int
    let inputs: Inputs

    func run(_ input: Tensor<Float>) async throws -> Tensor<Float> {
      let elements = input.elements
      inputs.seen.withLock { $0.append(elements) }
      var sums = [Float](repeating: 0, count: labels)
      for (index, value) in elements.enumerated() { sums[index % labels] += value * Float(index * 7 % 13 - 6) }
      return Tensor([1, labels], sums.map { $0 / Float(elements.count) * 40 })
    }
  }
}
