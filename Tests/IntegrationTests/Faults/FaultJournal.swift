import Cryptography
import LearningEvents
import Synchronization

/// What the LMS knows of its frames: a line when a send is begun and one when it is acknowledged, for `check.py`.
final class FaultJournal: Sendable {
  /// What must become of a frame.
  enum Expectation: String, Sendable {
    case sample, reject, duplicate
    /// Any of them, once.
    case any
  }

  struct Counts: Sendable, Equatable {
    var begun = 0
    var acknowledged = 0
    /// Sends that failed: whether the log has them, nobody knows.
    var failed = 0
  }

  private let file: LineFile
  private let counted = Mutex(Counts())

  init(path: String) throws { file = try LineFile(path: path) }

  var path: String { file.path }
  var counts: Counts { counted.withLock { $0 } }

  /// A frame whose send was begun.
  struct Entry: Sendable { fileprivate let fields: String }

  func begin(_ frame: FrameEvent, image: [UInt8], partition: Int32, expect: Expectation) -> Entry {
    let fields = """
      "source":"\(frame.source)","session":"\(frame.sessionID)","sequence":\(frame.sequence),\
      "learner":"\(frame.learnerID)","course":"\(frame.courseID)","captured_at":"\(frame.capturedAt.rfc3339)",\
      "body_sha256":"\(Hex.encode(SHA256.hash(image)))","partition":\(partition),"expect":"\(expect.rawValue)"
      """
    file.append("{\"state\":\"maybe\",\(fields)}")
    counted.withLock { $0.begun += 1 }
    return Entry(fields: fields)
  }

  func acknowledge(_ entry: Entry, offset: Int64) {
    file.append("{\"state\":\"acked\",\(entry.fields),\"offset\":\(offset)}")
    counted.withLock { $0.acknowledged += 1 }
  }

  func fail() { counted.withLock { $0.failed += 1 } }
}
