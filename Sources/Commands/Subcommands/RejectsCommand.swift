import Arguments
import Configuration
import Ingest
import LearningEvents
import Persistence
import Recognition
import Telemetry
import TextOutput

struct RejectsCommand: Command {
  static let configuration = CommandConfiguration(
    "rejects", abstract: "Look at rejected records, and judge them once more.", subcommands: [List.self, Retry.self])

  struct List: Command {
    static let configuration = CommandConfiguration(
      "list", abstract: "Count rejects by reason, or list them with --rows.",
      discussion: """
        A reject is known by its place in the log, its code, what was wrong, and the LMS, course and event id by which the
        LMS finds its record; whose it was is not stored. --rows prints a page in the order of the log and where the next
        one begins. Runs as lectern_aggregator.
        """)
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var choice: RejectOptions
    @Option(help: "the topic; all unless given") var topic: TopicName?
    @Option(help: "rejected at this time or later") var since: TimeArgument?
    @Option(help: "rejected before this time") var until: TimeArgument?
    @Flag(help: "list the rejects themselves") var rows: Bool
    @Option(help: "rejects on a page") var limit: Int = 100
    @Option(help: "continue behind this place, as the page before says", value: "ledger:offset") var after:
      RejectedRecord.Place?
    @Flag(help: "print JSON") var json: Bool

    mutating func run(in environment: CommandEnvironment) async throws {
      guard (1...100_000).contains(limit) else { throw UsageError("--limit is a number from 1 to 100000") }
      let context = try CommandContext(self, in: environment, servers: [.postgres], required: [Keys.postgresURL])
      var filter = RejectFilter()
      filter.topic = topic
      filter.partition = choice.partition?.value
      filter.codes = choice.codes
      let now = context.clock()
      (filter.since, filter.until) = (since?.time(now: now), until?.time(now: now))
      let (asked, wantsRows, limit, after) = (filter, rows, self.limit, self.after)
      let page = try await context.withConnection(role: .aggregator, application: "rejects") { connection in
        let repository = RejectRepository(connection: connection)
        if wantsRows {
          // One row more than the page holds shows whether there is a next page.
          return RejectPage(
            records: try await repository.records(asked, after: after, limit: limit + 1), limit: limit)
        }
        return RejectPage(counts: try await repository.counts(asked))
      }
      let columns = context.console.output.size?.columns
      if json { try context.console.print(json: page) } else { context.console.print(page.text(columns: columns)) }
    }
  }

  struct Retry: Command {
    static let configuration = CommandConfiguration(
      "retry", abstract: "Judge rejected frames once more, as far as the log still holds them.",
      discussion: """
        Reads each frame again and judges it as a worker does, with the configured bundle and the consent of now. What
        becomes a sample or a duplicate is a reject no more; the ledger's counters move in the same transaction. Workers,
        erasures and other retries may run meanwhile. Control events are not retried: send them again. Needs what a worker
        needs, and is refused where a worker is. Runs as lectern_ingest.
        """)
    @OptionGroup var server: ServerOptions
    @OptionGroup var choice: RejectOptions
    @Option(help: "at most so many") var limit: Int?
    @Option(key: Keys.bundle, completion: .directory) var bundle: ConfigurationPath?
    @Option(key: Keys.streams) var streams: Int?
    @Flag(help: "print JSON") var json: Bool

    mutating func run(in environment: CommandEnvironment) async throws {
      guard limit ?? 1 > 0 else { throw UsageError("--limit is a number from 1 on") }
      let context = try CommandContext(
        self, in: environment, servers: [.kafka, .postgres], required: CommandContext.workerKeys)
      _ = try context.requireDeployment()
      let retry = try await context.rejectRetry(try context.bundle())
      let selection = RetrySelection(codes: choice.codes, partition: choice.partition?.value, limit: limit)
      let report = try await context.interruptible(
        grace: context.settings[Keys.shutdownGrace], notice: "interrupted; what was judged until then is stored"
      ) { try await retry.run(selection) }
      let answer = RetryAnswer(report)
      if json { try context.console.print(json: answer) } else { context.console.print(answer.text) }
      for note in answer.notes { context.console.note(note) }
      guard answer.notes.isEmpty else { throw ExitCode.failure }
    }
  }
}

/// Which rejects.
struct RejectOptions: ArgumentGroup {
  @Option(help: "a reject code; may be repeated; all unless given") var code: [RejectCode] = []
  @Option(help: "one partition; all unless given") var partition: PartitionNumber?

  var codes: [RejectCode]? { code.isEmpty ? nil : code }
}

extension RejectCode: ConfigurationValue {}

/// `17:1234`: a ledger's number and an offset.
extension RejectedRecord.Place: ConfigurationValue {
  package init?(configurationText text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let ledger = Int32(parts[0]), let offset = Int64(parts[1]) else { return nil }
    self.init(ledgerID: ledger, offset: offset)
  }

  package var configurationText: String { "\(ledgerID):\(offset)" }
  package static var configurationExpectation: String { "ledger:offset, as a page says where the next one begins" }
}

extension CommandContext {
  /// Judges rejects once more with a worker's recognition.
  func rejectRetry(_ stored: StoredBundle) async throws -> RejectRetry {
    RejectRetry(try parts(stored, try await recognizer(stored, decoder: decoder()), as: "rejects"))
  }
}
