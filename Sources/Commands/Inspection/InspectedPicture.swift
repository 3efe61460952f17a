import Cryptography
import ImageIO
import LearningEvents
import Recognition
import Vision

/// A picture file and what came of it.
struct InspectedPicture: Sendable {
  /// What became of it.
  enum Status: Sendable, Equatable, Encodable {
    case sample(SampleStatus)
    case rejected(RejectCode)
    /// The file itself cannot be read.
    case unreadable

    /// As commands print it.
    var name: String {
      switch self {
      case .sample(let status): status.name
      case .rejected(let code): code.rawValue
      case .unreadable: "unreadable"
      }
    }

    /// Whether the file is a picture that was decoded.
    var isPicture: Bool {
      if case .sample = self { true } else { false }
    }

    func encode(to encoder: any Encoder) throws {
      var value = encoder.singleValueContainer()
      try value.encode(name)
    }
  }

  /// What the model says; nil where it says nothing.
  var said: BundleClassifier.Answer? { inspection?.answer?.said }

  let path: String
  let status: Status
  /// Why there is no answer; nil where there is one.
  let problem: String?
  let inspection: Inspection?
  /// Of the file's bytes, 64 hex digits; nil where it could not be read.
  let sha256: String?
  /// The file's bytes where they are a picture's.
  let bytes: [UInt8]

  private init(
    _ path: String, _ status: Status, problem: String?, inspection: Inspection? = nil,
    sha256: String? = nil, bytes: [UInt8] = []
  ) {
    (self.path, self.status, self.problem) = (path, status, problem)
    (self.inspection, self.sha256, self.bytes) = (inspection, sha256, bytes)
  }

  /// Reads and inspects one file. Only a failing network throws; whatever is wrong with the file is its status.
  static func look(
    at entry: PictureList.Entry, box: FaceBox?, with inspector: Inspector, _ detail: Inspector.Detail,
    on stream: Inspector.Stream
  ) async throws -> InspectedPicture {
    if let problem = entry.problem { return InspectedPicture(entry.path, .unreadable, problem: problem) }
    let bytes: [UInt8]
    do throws(PictureFile.Failure) {
      bytes = try PictureFile.read(entry.file, limit: ImageLimits().maximumBytes)
    } catch {
      return InspectedPicture(
        entry.path, error.isTooLarge ? .rejected(.tooLarge) : .unreadable, problem: error.description)
    }
    let hash = Hex.encode(SHA256.hash(bytes))
    let inspection = try await inspector.inspect(RecognitionRequest(bytes: bytes, faceBox: box), detail, on: stream)
    func sample(_ status: SampleStatus, problem: String? = nil) -> InspectedPicture {
      InspectedPicture(
        entry.path, .sample(status), problem: problem, inspection: inspection, sha256: hash, bytes: bytes)
    }
    switch inspection.analysis {
    case .rejected(let code, let reason):
      return InspectedPicture(entry.path, .rejected(code), problem: reason, sha256: hash)
    case .noFace: return sample(.noFace, problem: "no face was found")
    case .lowQuality: return sample(.lowQuality, problem: "the face is too small, blurred or badly lit")
    case .classified: return sample(.classified)
    }
  }
}
