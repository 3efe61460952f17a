import Cryptography
import ImageIO
import LearningEvents
import Recognition
import Vision

/// A picture file and what came of it.
struct InspectedPicture: Sendable {
  /// What became of it, as commands name it.
  enum Status: String, Sendable, Encodable {
    case classified
    case noFace = "no_face"
    case lowQuality = "low_quality"
    case badImage = "bad_image"
    case tooLarge = "too_large"
    /// Decoding it takes more memory than there is.
    case decoderCrash = "decoder_crash"
    /// The file itself cannot be read.
    case unreadable

    /// Whether there was a picture to look at.
    var isPicture: Bool { [.classified, .noFace, .lowQuality].contains(self) }
  }

  let path: String
  let status: Status
  /// Why there is no answer; nil where there is one.
  let problem: String?
  let inspection: Inspection?
  let distribution: EmotionDistribution?
  /// Of the file's bytes, 64 hex digits; nil where it could not be read.
  let sha256: String?
  /// The file's bytes where they are a picture's.
  let bytes: [UInt8]

  private init(
    _ path: String, _ status: Status, problem: String?, inspection: Inspection? = nil,
    distribution: EmotionDistribution? = nil, sha256: String? = nil, bytes: [UInt8] = []
  ) {
    (self.path, self.status, self.problem) = (path, status, problem)
    (self.inspection, self.distribution, self.sha256, self.bytes) = (inspection, distribution, sha256, bytes)
  }

  /// Reads and inspects one file. Only a failing network throws; whatever is wrong with the file is its status.
  static func look(
    at entry: PictureList.Entry, box: FaceBox?, with inspector: Inspector, _ detail: Inspector.Detail
  ) async throws -> InspectedPicture {
    if let problem = entry.problem { return InspectedPicture(entry.path, .unreadable, problem: problem) }
    let bytes: [UInt8]
    do throws(PictureFile.Failure) {
      bytes = try PictureFile.read(entry.path, limit: ImageLimits().maximumBytes)
    } catch {
      return InspectedPicture(entry.path, error.isTooLarge ? .tooLarge : .unreadable, problem: error.description)
    }
    let hash = Hex.encode(SHA256.hash(bytes))
    let inspection = try await inspector.inspect(RecognitionRequest(bytes: bytes, faceBox: box), detail)
    switch inspection.outcome {
    case .badImage(let reason):
      return InspectedPicture(entry.path, .badImage, problem: reason, sha256: hash)
    case .tooLarge(let reason):
      return InspectedPicture(entry.path, .tooLarge, problem: reason, sha256: hash)
    case .decoderCrash(let reason):
      return InspectedPicture(entry.path, .decoderCrash, problem: reason, sha256: hash)
    case .sample(let status, _, let distribution, _):
      let (mine, problem): (Status, String?) =
        switch status {
        case .classified: (.classified, nil)
        case .noFace: (.noFace, "no face was found")
        case .lowQuality: (.lowQuality, "the face is too small, blurred or badly lit")
        }
      return InspectedPicture(
        entry.path, mine, problem: problem, inspection: inspection, distribution: distribution, sha256: hash,
        bytes: bytes)
    }
  }
}
