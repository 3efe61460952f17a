import Cryptography
import LearningEvents
import Synchronization

/// What the LMS knows of its frames: a line when a send is begun and one when it is acknowledged, for `check.py`.
final class FaultJournal: Sendable {
  /// What must become of a frame.
  struct Expectation: RawRepresentable, Sendable {
    let rawValue: String
    static let sample = Expectation(rawValue: "sample")
    static let reject = Expectation(rawValue: "reject")
    static let duplicate = Expectation(rawValue: "duplicate")
    /// Any of them, once.
    static let any = Expectation(rawValue: "any")

    /// A reject with one of these codes.
    static func rejected(as codes: RejectCode...) -> Expectation {
      Expectation(rawValue: "reject:\(codes.map(\.rawValue).joined(separator: "|"))")
    }
  }

  struct Counts: Sendable, Equatable {
    var begun = 0
    var acknowledged = 0
    /// Sends that failed: whether the log has them, nobody knows.
    var failed = 0
  }

  private let file: LineFile
  private let counted = Mutex(Counts())
  private let failed = Mutex<[String: Int]>([:])

  init(path: String) throws { file = try LineFile(path: path) }

  var path: String { file.path }
  var counts: Counts { counted.withLock { $0 } }
  /// How often sends failed, by what failed them.
  var failures: [String: Int] { failed.withLock { $0 } }

  /// A frame whose send was begun.
  struct Entry: Sendable { fileprivate let fields: String }

  func begin(_ frame: FrameEvent, image: [UInt8], incarnation: Int = 0, expect: Expectation) -> Entry {
    let fields = """
      "source":"\(frame.source.text)","session":"\(frame.sessionID.text)","sequence":\(frame.sequence),\
      "learner":"\(frame.learnerID.text)","course":"\(frame.courseID.text)","captured_at":"\(frame.capturedAt.rfc3339)",\
      "body_sha256":"\(Hex.encode(SHA256.hash(image)))","incarnation":\(incarnation),"expect":"\(expect.rawValue)"
      """
    file.append("{\"state\":\"maybe\",\(fields)}")
    counted.withLock { $0.begun += 1 }
    return Entry(fields: fields)
  }

  func acknowledge(_ entry: Entry, partition: Int32, offset: Int64) {
    file.append("{\"state\":\"acked\",\(entry.fields),\"partition\":\(partition),\"offset\":\(offset)}")
    counted.withLock { $0.acknowledged += 1 }
  }

  /// Takes down that a learner was erased: nothing captured until then may be stored afterwards.
  func erased(source: SourceID, learner: LearnerID, at time: EventTime) {
    file.append(
      "{\"state\":\"erased\",\"source\":\"\(source.text)\",\"learner\":\"\(learner.text)\",\"at\":\"\(time.rfc3339)\"}")
  }

  /// Takes down that the log became another one, before what is acknowledged from now on: of each partition it holds
  /// what was before this offset.
  func changed(at time: EventTime, ends: [Int32: Int64]) {
    let cuts = ends.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
    file.append("{\"state\":\"changed\",\"at\":\"\(time.rfc3339)\",\"ends\":{\(cuts)}}")
  }

  func fail(_ error: any Error) {
    failed.withLock { $0["\(error)", default: 0] += 1 }
    counted.withLock { $0.failed += 1 }
  }
}
