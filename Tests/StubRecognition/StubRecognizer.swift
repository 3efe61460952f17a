import Cryptography
import ImageIO
package import LearningEvents
package import Recognition
import Vision

/// Recognition without networks: the answer is a function of the picture's bytes, so that a stored row tells which
/// picture it was made of. Safe on any thread; holds no state.
package struct StubRecognizer: FrameRecognizing {
  package let modelID = ModelID(String(repeating: "cd", count: 32))
  private let decoder: PictureDecoder?
  private let delay: Duration
  private let counting: (@Sendable (Int) -> Void)?

  /// - Parameters:
  ///   - probesHeader: whether the real decoder looks at each picture's header, so that what is no picture or too large
  ///     is told apart as in the product. Without it any bytes are a picture, and a frame costs one SHA-256.
  ///   - delay: how long each frame takes.
  ///   - counting: told how many frames are looked at, before they are.
  package init(
    probesHeader: Bool = true, delay: Duration = .zero, counting: (@Sendable (Int) -> Void)? = nil
  ) {
    decoder = probesHeader ? PictureDecoder() : nil
    (self.delay, self.counting) = (delay, counting)
  }

  package func sizeProblem(of picture: UnsafeRawBufferPointer) -> String? {
    guard let decoder else { return nil }
    do throws(ImageError) {
      _ = try decoder.probe(picture)
      return nil
    } catch {
      return error.code == .tooLarge ? error.detail : nil
    }
  }

  package func recognize(_ requests: [RecognitionRequest]) async throws -> [RecognitionOutcome] {
    counting?(requests.count)
    if delay > .zero { try await Task.sleep(for: delay * requests.count) }
    return requests.map(outcome)
  }

  private func outcome(of request: RecognitionRequest) -> RecognitionOutcome {
    if let decoder {
      do throws(ImageError) {
        _ = try decoder.probe(request.bytes)
      } catch {
        return .rejected(error.code == .tooLarge ? .tooLarge : .badImage, detail: error.detail)
      }
    }
    return .sample(.classified(Self.distribution(of: request.bytes), faceCount: 1, quality: 9000))
  }

  /// What the stub makes of a picture: the first six bytes of its SHA-256, each plus one, as weights.
  package static func distribution(of image: [UInt8]) -> EmotionDistribution {
    guard let distribution = EmotionDistribution(probabilities: SHA256.hash(image).prefix(6).map { Double($0) + 1 })
    else { preconditionFailure("six weights of at least one make a distribution") }
    return distribution
  }
}
