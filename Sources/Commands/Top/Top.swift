import Arguments
import Configuration
import KafkaIO
import LearningEvents
import Persistence
import PostgresIO
import Services
import Synchronization
import TextOutput
import Watching

/// Shows the state of ingest until it is asked to end or the reader of its output has gone.
///
/// PostgreSQL, Kafka and workers are observed by loops of their own, so that one that hangs holds up neither the others
/// nor the screen.
final class Top: Service {
  enum Output { case terminal, text, json }

  let output: Output
  /// End after the first report that knows a rate.
  let once: Bool
  private let console: Console
  private let clock: @Sendable () -> EventTime
  private let uptime: @Sendable () -> Duration
  private let interval: Duration
  private let ledgers: LedgerObserver
  private let logs: LogObserver?
  private let workers: [MetricsAddress]
  private let watch: Mutex<IngestWatch>
  private let isComplete = Mutex(true)
  private let abandoned = Mutex(false)
  private static let tick = Duration.milliseconds(100)

  init(context: CommandContext, interval: Duration, workers: [MetricsAddress], output: Output, once: Bool) {
    (console, clock, uptime) = (context.console, context.clock, context.environment.uptime)
    (self.interval, self.workers, self.output, self.once) = (interval, workers, output, once)
    let clusterID = context.settings.optional(Keys.clusterID)
    watch = Mutex(IngestWatch(patience: max(.seconds(5), interval * 3), clusterID: clusterID))
    ledgers = LedgerObserver(
      settings: context.postgres(role: .aggregator, application: "top"), clock: context.clock)
    logs =
      context.settings.optional(Keys.bootstrapServers) == nil
      ? nil
      : LogObserver(
        settings: context.kafka, topics: [context.settings[Keys.frameTopic], context.settings[Keys.controlTopic]],
        clusterID: clusterID, clock: context.clock)
  }

  /// Whether every server that was to be observed had answered in the last report.
  var sawEverything: Bool { isComplete.withLock(\.self) }

  /// Whether it ended because nobody reads its output any more.
  var isAbandoned: Bool { abandoned.withLock(\.self) }

  func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.repeating { await self.observeLedgers() } }
      if logs != nil { group.addTask { await self.repeating { await self.observeLogs() } } }
      if !workers.isEmpty {
        group.addTask {
          let thread = ThreadExecutor(name: "metrics")
          await self.repeating { await self.observeWorkers(thread) }
        }
      }
      await show()
      group.cancelAll()
    }
    await ledgers.close()
  }

  // MARK: Observing

  private func repeating(_ body: () async -> Void) async {
    while !Task.isCancelled && !isShuttingDownGracefully {
      let begin = uptime()
      await body()
      let rest = interval - (uptime() - begin)
      _ = try? await cancelWhenGracefulShutdown { try await Task.sleep(for: max(.milliseconds(10), rest)) }
    }
  }

  private func observeLedgers() async {
    do {
      let cluster = watch.withLock(\.cluster)
      let observation = try await ledgers.observe(clusterID: cluster)
      watch.withLock { $0.take(observation, of: cluster) }
    } catch {
      let isRefusal = (error as? PostgresError).map { !$0.isTransient } ?? false
      watch.withLock { $0.miss(.postgres, problem: "\(error)", isRefusal: isRefusal) }
    }
  }

  private func observeLogs() async {
    guard let logs else { return }
    // The ledgers first, or partitions would seem to lack one.
    guard let ledgers = watch.withLock(\.lastLedgers) else { return }
    do {
      let observation = try await logs.observe(ledgers)
      watch.withLock { $0.take(observation) }
    } catch {
      watch.withLock { $0.miss(.kafka, problem: "\(error)", isRefusal: error.isRefusal || error.isForbidden) }
    }
  }

  private func observeWorkers(_ thread: ThreadExecutor) async {
    var batches: [String: WorkerObservation.Batches] = [:]
    for address in workers {
      batches[address.configurationText] = await thread.run { [uptime] in address.batches(uptime: uptime) }
    }
    let found = batches
    let now = clock()
    watch.withLock { watch in
      watch.take(WorkerObservation(at: now, batches: found))
      let silent = workers.map(\.configurationText).filter { found[$0] == nil }
      if !silent.isEmpty { watch.miss(.workers, problem: silent.joined(separator: ", ")) }
    }
  }

  // MARK: Showing

  private func show() async {
    let terminal = output == .terminal ? LiveTerminal(console) : nil
    defer { terminal?.leave() }
    var report = watch.withLock { $0.report(at: clock()) }
    var shown: Duration?
    var size = terminal?.size
    let begin = uptime()
    while !isShuttingDownGracefully {
      if let terminal {
        if terminal.keys().contains(where: { $0 == UInt8(ascii: "q") || $0 == UInt8(ascii: "Q") }) { return }
      } else if console.output.isAbandoned {
        return abandoned.withLock { $0 = true }
      }
      let isDue = shown.map { uptime() - $0 >= interval } ?? true
      if isDue {
        report = watch.withLock { $0.report(at: clock()) }
        let isReady = isReady(report, since: begin)
        // A terminal shows at once what is known; a reader of lines gets complete reports only.
        if terminal != nil || isReady {
          shown = uptime()
          guard emit(report, terminal) else { return }
          if once && isReady { return }
        }
      } else if let terminal, let size, terminal.size != size, !terminal.draw(screen(report, terminal.size)) {
        return
      }
      size = terminal?.size
      _ = try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.tick) }
    }
  }

  /// Whether every server was heard of, and a rate is known or will not be.
  private func isReady(_ report: WatchReport, since begin: Duration) -> Bool {
    let heard = watch.withLock { watch in
      watch.hasHeard(of: .postgres) && (workers.isEmpty || watch.hasHeard(of: .workers))
        && (logs == nil || watch.hasHeard(of: .kafka) || watch.lastLedgers == nil)
    }
    guard heard else { return uptime() - begin > .seconds(15) }
    return report.recordsPerSecond != nil || report.postgres?.ok != true
  }

  private func emit(_ report: WatchReport, _ terminal: LiveTerminal?) -> Bool {
    let isComplete = report.postgres?.ok == true && (logs == nil || report.kafka?.ok == true)
    self.isComplete.withLock { $0 = isComplete }
    if let terminal { return terminal.draw(screen(report, terminal.size)) }
    if output == .json {
      guard let line = try? Console.line(json: report) else { return false }
      return console.print(line)
    }
    return console.print(WatchScreen(columns: 200).lines(report).joined(separator: "\n") + (once ? "\n" : "\n\n"))
  }

  private func screen(_ report: WatchReport, _ size: (columns: Int, rows: Int)) -> [String] {
    WatchScreen(columns: size.columns, rows: size.rows, hasColour: console.wantsColour).lines(report)
  }
}
