import Foundation

/// What the command line asks for.
struct IngestBenchmarkOptions {
  static let usage = """
    usage: IngestBenchmark --kafka HOST:PORT --postgres URL [--frames N] [--runs N] [--partitions N] [--sessions N]
                           [--bytes N] [--batch N] [--rate N --seconds N] [--worker PATH] [--json]

    Drains a preloaded topic --runs times, or with --rate keeps up with a producer. The user of --postgres makes a database
    for each run and drops it; topics are made and deleted. Use servers that hold nothing else.

    """

  private(set) var kafka = ""
  private(set) var postgres = ""
  /// Frames of a preloaded topic.
  private(set) var frames = 1_000_000
  private(set) var runs = 5
  private(set) var partitions = 6
  /// Sessions, each of a learner of its own, spread over the partitions.
  private(set) var sessions = 1000
  /// The size of a picture.
  private(set) var bytes = 1024
  /// Records in one transaction, at most.
  private(set) var batch = 2000
  /// Frames a second that a producer beside the worker sends; nil drains.
  private(set) var rate: Int?
  private(set) var seconds = 60
  /// The stub worker; beside this program unless named.
  private(set) var worker = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    .appending(path: "StubWorker").path
  private(set) var isJSON = false

  /// Nil for anything it does not know.
  init?(_ arguments: some Sequence<String>) {
    var rest = Array(arguments)[...]
    func number(_ range: ClosedRange<Int>) -> Int? {
      rest.popFirst().flatMap { Int($0) }.flatMap { range.contains($0) ? $0 : nil }
    }
    while let argument = rest.popFirst() {
      switch argument {
      case "--json": isJSON = true
      case "--kafka", "--postgres", "--worker":
        guard let value = rest.popFirst() else { return nil }
        switch argument {
        case "--kafka": kafka = value
        case "--postgres": postgres = value
        default: worker = value
        }
      default:
        guard let value = number(1...1_000_000_000) else { return nil }
        switch argument {
        case "--frames": frames = value
        case "--runs": runs = value
        case "--partitions": partitions = value
        case "--sessions": sessions = value
        case "--bytes": bytes = value
        case "--batch": batch = value
        case "--rate": rate = value
        case "--seconds": seconds = value
        default: return nil
        }
      }
    }
    guard !kafka.isEmpty, !postgres.isEmpty else { return nil }
  }
}
