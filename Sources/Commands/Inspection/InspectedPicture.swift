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
  var inspection: Inspection?
  /// Of the file's bytes, 64 hex digits; nil where it could not be read.
  var sha256: String?
  /// The file's bytes where they are a picture's.
  var bytes: [UInt8] = []

  /// Reads and inspects one file. Only a failing network throws; whatever is wrong with the file is its status.
  static func look(
    at entry: PictureList.Entry, box: FaceBox?, with inspector: Inspector, _ detail: Inspector.Detail,
    on stream: Inspector.Stream
  ) async throws -> InspectedPicture {
    if let problem = entry.problem {
      return InspectedPicture(path: entry.path, status: .unreadable, problem: problem)
    }
    let bytes: [UInt8]
    do throws(PictureFile.Failure) {
      bytes = try PictureFile.read(entry.file, limit: ImageLimits().maximumBytes)
    } catch {
      return InspectedPicture(
        path: entry.path, status: error.isTooLarge ? .rejected(.tooLarge) : .unreadable, problem: error.description)
    }
    let hash = Hex.encode(SHA256.hash(bytes))
    let inspection = try await inspector.inspect(RecognitionRequest(bytes: bytes, faceBox: box), detail, on: stream)
    func sample(_ status: SampleStatus, problem: String? = nil) -> InspectedPicture {
      InspectedPicture(
        path: entry.path, status: .sample(status), problem: problem, inspection: inspection, sha256: hash, bytes: bytes)
    }
    switch inspection.analysis {
    case .rejected(let code, let reason):
      return InspectedPicture(path: entry.path, status: .rejected(code), problem: reason, sha256: hash)
    case .noFace: return sample(.noFace, problem: "no face was found")
    case .lowQuality: return sample(.lowQuality, problem: "the face is too small, blurred or badly lit")
    case .classified: return sample(.classified)
    }
  }
}
