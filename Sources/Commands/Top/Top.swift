import Configuration
import Foundation
import KafkaIO
import LearningEvents
import PostgresIO
import Services
import Synchronization
import Watching

/// Watches ingest and shows it, until it is told to end, or nobody looks any more.
///
/// PostgreSQL, Kafka and workers are observed by loops of their own, so that one that hangs holds up neither the others nor the
/// screen.
final class Top: Service {
  enum Output { case terminal, text, json }

  let output: Output
  /// End after the first report that knows a rate.
  let once: Bool
  private let interval: Duration
  private let ledgers: LedgerObserver
  private let logs: LogObserver?
  private let workers: [MetricsAddress]
  private let watch: Mutex<IngestWatch>
  private let isComplete = Mutex(true)
  private static let tick = Duration.milliseconds(100)

  init(context: CommandContext, interval: Duration, workers: [MetricsAddress], output: Output, once: Bool) {
    (self.interval, self.workers, self.output, self.once) = (interval, workers, output, once)
    let clusterID = context.settings.optional(Keys.clusterID)
    watch = Mutex(IngestWatch(patience: max(.seconds(5), interval * 3), clusterID: clusterID))
    ledgers = LedgerObserver(
      settings: context.postgres(role: "lectern_aggregator", application: "top"), clock: CommandContext.now)
    logs =
      context.settings.optional(Keys.bootstrapServers) == nil
      ? nil
      : LogObserver(
        settings: context.kafka, topics: [context.settings[Keys.frameTopic], context.settings[Keys.controlTopic]],
        clusterID: clusterID, clock: CommandContext.now)
  }

  /// Whether every server that was to be observed had answered in the last report.
  var sawEverything: Bool { isComplete.withLock(\.self) }

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
      let begin = ContinuousClock.now
      await body()
      let rest = interval - (ContinuousClock.now - begin)
      _ = try? await cancelWhenGracefulShutdown { try await Task.sleep(for: max(.milliseconds(10), rest)) }
    }
  }

  private func observeLedgers() async {
    do {
      let cluster = watch.withLock(\.cluster)
      let observation = try await ledgers.observe(clusterID: cluster)
      watch.withLock { $0.take(observation, of: cluster) }
    } catch {
      watch.withLock { $0.miss(.postgres, problem: "\(error)") }
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
      watch.withLock { $0.miss(.kafka, problem: "\(error)") }
    }
  }

  private func observeWorkers(_ thread: ThreadExecutor) async {
    var batches: [String: WorkerObservation.Batches] = [:]
    for address in workers {
      batches[address.configurationText] = await thread.run { address.batches() }
    }
    let found = batches
    watch.withLock { watch in
      watch.take(WorkerObservation(at: CommandContext.now(), batches: found))
      let silent = workers.map(\.configurationText).filter { found[$0] == nil }
      if !silent.isEmpty { watch.miss(.workers, problem: silent.joined(separator: ", ")) }
    }
  }

  // MARK: Showing

  private func show() async {
    let terminal = output == .terminal ? LiveTerminal() : nil
    defer { terminal?.leave() }
    var report = watch.withLock { $0.report(at: CommandContext.now()) }
    var shown: ContinuousClock.Instant?
    var size = LiveTerminal.size
    let begin = ContinuousClock.now
    while !isShuttingDownGracefully {
      if let terminal {
        if terminal.keys().contains(where: { $0 == UInt8(ascii: "q") || $0 == UInt8(ascii: "Q") }) { return }
      } else if Terminal.outputIsAbandoned {
        return
      }
      let isDue = shown.map { $0.duration(to: .now) >= interval } ?? true
      let now = LiveTerminal.size
      if isDue {
        report = watch.withLock { $0.report(at: CommandContext.now()) }
        let isReady = isReady(report, since: begin)
        // A terminal shows at once what is there; whoever reads lines wants them whole.
        if terminal != nil || isReady {
          shown = .now
          guard emit(report, terminal, size: now) else { return }
          if once && isReady { return }
        }
      } else if let terminal, now != size, !terminal.draw(screen(report, now)) {
        return
      }
      size = now
      _ = try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.tick) }
    }
  }

  /// Whether every server was heard of, and a rate is known or will not be.
  private func isReady(_ report: WatchReport, since begin: ContinuousClock.Instant) -> Bool {
    let heard = watch.withLock { watch in
      watch.hasHeard(of: .postgres) && (workers.isEmpty || watch.hasHeard(of: .workers))
        && (logs == nil || watch.hasHeard(of: .kafka) || watch.lastLedgers == nil)
    }
    guard heard else { return begin.duration(to: .now) > .seconds(15) }
    return report.recordsPerSecond != nil || report.postgres?.ok != true
  }

  private func emit(_ report: WatchReport, _ terminal: LiveTerminal?, size: (columns: Int, rows: Int)) -> Bool {
    let isComplete = report.postgres?.ok == true && (logs == nil || report.kafka?.ok == true)
    self.isComplete.withLock { $0 = isComplete }
    if let terminal { return terminal.draw(screen(report, size)) }
    if output == .json {
      guard let line = try? Terminal.line(json: report) else { return false }
      return Terminal.write(line)
    }
    return Terminal.write(WatchScreen(columns: 200).lines(report).joined(separator: "\n") + (once ? "\n" : "\n\n"))
  }

  private func screen(_ report: WatchReport, _ size: (columns: Int, rows: Int)) -> [String] {
    WatchScreen(columns: size.columns, rows: size.rows, hasColour: LiveTerminal.wantsColour).lines(report)
  }
}
