import Foundation
import LearningEvents
import Neural
import Recognition
import Services
import Synchronization
import Tensors
import Testing
import Vision

/// Features to answers over networks that say what they are told.
@Suite struct BundleClassifierTests {
  /// Answers each sample with the logits of its first pixel's number, and keeps what it was given.
  private final class Script: NetworkRunning {
    let batch: Int
    let logits: [[Float]]
    let inputs = Mutex<[Tensor<Float>]>([])

    init(_ logits: [[Float]], batch: Int = 1) { (self.logits, self.batch) = (logits, batch) }

    func run(_ input: Tensor<Float>) async throws -> Tensor<Float> {
      inputs.withLock { $0.append(input) }
      let size = input.count / input.shape[0]
      let rows = (0..<input.shape[0]).map { place -> [Float] in
        let gray = ((input[place * size] * 0.229 + 0.485) * 255).rounded()
        // A place without a face holds zeros, whose gray is no script's.
        return logits.indices.contains(Int(gray)) ? logits[Int(gray)] : logits[0].map { _ in .nan }
      }
      return Tensor([rows.count, rows[0].count], Array(rows.joined()))
    }
  }

  private static func face(_ number: Int) -> FrameFeatures {
    FrameFeatures(crop: GrayImage(width: 224, height: 224, repeating: UInt8(number)))
  }

  private static func answers(
    _ logits: [[Float]], labels: LabelSet = .learningEmotions, temperature: Double = 1, batch: Int = 1
  ) async throws -> [BundleClassifier.Answer?] {
    let model = ModelManifest(
      name: "stub", trained: false, labelSet: labels, layout: .image, temperature: temperature)
    let script = Script(logits, batch: batch)
    let answers = try await BundleClassifier(model, network: script).answers(to: logits.indices.map(face))
    #expect(script.inputs.withLock { $0.allSatisfy { $0.shape == [batch, 3, 224, 224] } })
    #expect(script.inputs.withLock(\.count) == (logits.count + batch - 1) / batch)
    return answers
  }

  private static let two = LabelSet(name: "two", labels: ["no", "yes"])

  @Test func `probabilities are shifted and tempered`() async throws {
    let logits: [[Float]] = [[1000, 1000 + Float(log(3.0))], [0, Float(log(9.0))]]
    let plain = try #require(try await Self.answers(logits, labels: Self.two)[0])
    #expect(abs(plain.probabilities[0] - 0.25) < 1e-4 && abs(plain.probabilities[1] - 0.75) < 1e-4)
    let flat = try #require(try await Self.answers(logits, labels: Self.two, temperature: 2)[1])
    #expect(abs(flat.probabilities[0] - 0.25) < 1e-6)
  }

  @Test func `the six learning emotions have a distribution in ten-thousandths`() async throws {
    let answer = try #require(try await Self.answers([[0, 9, 0, 0, 0, 0]])[0])
    let distribution = try #require(answer.distribution)
    #expect(distribution.label == .distracted && answer.label == Emotion.distracted.rawValue)
    #expect(distribution.tenThousandths.reduce(0, +) == 10_000)
    #expect(answer.shares == distribution.tenThousandths.map { Double($0) / 10_000 })
  }

  @Test func `other labels have probabilities and no distribution`() async throws {
    let answers = try await Self.answers([[0, 1], [2, 2], [3, 1]], labels: Self.two)
    #expect(answers.map { $0?.label } == [1, 0, 0])
    for answer in answers { #expect(answer?.distribution == nil && answer?.shares == answer?.probabilities) }
    let six = LabelSet(name: "six", labels: ["a", "b", "c", "d", "e", "f"])
    #expect(try await Self.answers([[0, 9, 0, 0, 0, 0]], labels: six)[0]?.distribution == nil)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `a number that is not finite is no answer, and its neighbours have theirs`(_ number: Float) async throws {
    let logits: [[Float]] = [[1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, number], [0, 0, 1, 0, 0, 0]]
    for batch in [1, 3] {
      #expect(try await Self.answers(logits, batch: batch).map { $0?.label } == [0, nil, 2])
    }
  }

  @Test(arguments: [1, 2, 3, 8])
  func `a face's answer does not depend on the batch`(_ batch: Int) async throws {
    let logits = (0..<5).map { face in (0..<6).map { Float(($0 * 7 + face * 3) % 11) } }
    #expect(try await Self.answers(logits, batch: batch) == (try await Self.answers(logits)))
  }

  @Test func `another number of logits than labels fails`() async throws {
    let error = await #expect(throws: RecognitionError.self) { try await Self.answers([[0, 0, 0, 0, 0]]) }
    #expect(error?.code == .wrongShape)
  }

  @Test func `a family that is dropped is neutral in what the network is given`() async throws {
    let model = BundleFixture.manifest(layout: .planes)
    let script = Script([[0, 0, 0, 0, 0, 0]])
    let face = FrameFeatures(
      crop: GrayImage(width: 224, height: 224, repeating: 0), cnn: (0..<128 * 49).map { Float($0 % 13) },
      hog: .init(repeating: 0.5, count: 36 * 49), sift: .init(repeating: 99, count: 128 * 49))
    let classifier = BundleClassifier(model, network: script)
    _ = try await classifier.answers(to: [face])
    _ = try await classifier.answers(to: [face], dropping: .hog)
    let inputs = script.inputs.withLock { $0.map(\.elements) }
    let plane = 224 * 224
    #expect(inputs[0][..<plane] == inputs[1][..<plane] && inputs[0][(2 * plane)...] == inputs[1][(2 * plane)...])
    #expect(inputs[1][plane..<2 * plane].allSatisfy { $0 == 0 } && inputs[0][plane] != 0)
  }
}

/// Faces to features over a network that tells its input apart.
@Suite struct FeatureExtractorTests {
  /// `[N, 3, 224, 224]` → `[N, 1, 7, 7]`, each sample's first number.
  private struct First: NetworkRunning {
    let batch: Int
    var channels = 1

    func run(_ input: Tensor<Float>) async throws -> Tensor<Float> {
      #expect(input.shape == [batch, 3, 224, 224])
      let size = 3 * 224 * 224
      return Tensor(
        [batch, channels, 7, 7], (0..<batch * channels * 49).map { input[$0 / (49 * channels) * size] })
    }
  }

  private struct Describer: KeypointDescribing {
    func describe(_ image: GrayImage) -> [Keypoint] {
      [Keypoint(x: 0, y: 0, response: 1, descriptor: .init(repeating: Float(image[0, 0]), count: 128))]
    }
  }

  private static func face(_ gray: UInt8) -> FaceCrops {
    FaceCrops(
      of: PixelRect(x: 0, y: 0, width: 200, height: 200), in: GrayImage(width: 200, height: 200, repeating: gray))
  }

  private static func extractor(
    _ families: Set<FeatureFamily> = [.hog, .sift], network: (any NetworkRunning)?
  ) -> FeatureExtractor {
    FeatureExtractor(
      families: families, normalization: .max, describer: Describer(), network: network,
      thread: ThreadExecutor(name: "features"))
  }

  @Test(arguments: [1, 2, 4, 7])
  func `a face's features do not depend on the batch`(_ batch: Int) async throws {
    let faces = (0..<5).map { Self.face(UInt8(40 * $0)) }
    let features = try await Self.extractor(network: First(batch: batch)).features(of: faces)
    #expect(features.count == faces.count)
    for (index, face) in features.enumerated() {
      #expect(face.version == FaceCrops.version && face.crop == faces[index].vgg)
      let normalised = (Float(40 * index) / 255 - 0.485) / 0.229
      #expect(face.cnn == .init(repeating: normalised, count: 49))
      #expect(face.hog == HistogramOfGradients().grid(of: faces[index].hog))
      #expect(face.sift.count == 128 * 49 && face.sift[0] == Float(40 * index) && face.sift[1] == 0)
    }
  }

  @Test func `what is not asked for stays empty`() async throws {
    let features = try await Self.extractor([], network: nil).features(of: [Self.face(9)])
    #expect(features == [FrameFeatures(crop: Self.face(9).vgg)])
    #expect(try await Self.extractor(network: nil).features(of: []).isEmpty)
  }

  @Test func `a network of another shape fails`() async throws {
    struct Odd: NetworkRunning {
      let batch = 1
      func run(_ input: Tensor<Float>) async throws -> Tensor<Float> { Tensor(repeating: 0, [1, 5, 3, 3]) }
    }
    let error = await #expect(throws: RecognitionError.self) {
      try await Self.extractor(network: Odd()).features(of: [Self.face(9)])
    }
    #expect(error?.code == .wrongShape)
  }
}
