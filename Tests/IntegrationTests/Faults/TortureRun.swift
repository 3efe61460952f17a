import Foundation
import KafkaIO
import LearningEvents
import LocalServers
import Processes
import Synchronization
import TestSupport
import Testing

/// Carries a schedule out: begins each fault at its time and ends it at its time, keeps a worker in every place, and
/// counts. Used by one task.
final class TortureRun {
  private struct Place {
    let proxy: PostgresProxy
    var worker: StubWorkerProcess?
    var isFrozen = false
    var starts = 0
  }

  /// What is to be undone, and when.
  private struct Ending {
    let at: ContinuousClock.Instant
    let fault: TortureSchedule.Fault
  }

  private let bench: FaultBench
  private let database: CrashableDatabase
  private let broker: TortureBroker
  private var schedule: TortureSchedule
  private var places: [Place] = []
  private var endings: [Ending] = []
  private var brokerIsDown = false
  private(set) var faults: [String: Int] = [:]
  private(set) var restarts = 0
  private let ends = TortureEnds()
  /// Workers that ended though nobody had asked them to, or otherwise than they were asked, and what verify found.
  var surprises: [String] { ends.surprises }
  /// How often the live database was verified.
  var audits: Int { audit.looks }
  /// How often the operator decided about logs that had become others.
  var decisions: Int { decider.decisions }
  /// The most that a worker held in memory, in bytes.
  private(set) var residentPeak = 0
  private var courseEdits = 0
  private var consentEvents = 0
  private let unacknowledged = PendingSends()
  private var isWithdrawn = false
  private var hasBackup = false
  private var hasKeptDisks = false
  private let erasures: TortureErasures?
  private let audit: TortureAudit
  private let decider: TortureOperator
  private var aggregator: ChildProcess?
  private var aggregatorStarts = 0

  init(
    _ bench: FaultBench, database: CrashableDatabase, broker: TortureBroker, seed: UInt64, workers: Int
  ) async throws {
    (self.bench, self.database, self.broker) = (bench, database, broker)
    schedule = TortureSchedule(seed: seed, workers: workers)
    decider = TortureOperator(bench)
    audit = TortureAudit(bench) { [ends] in ends.note($0) }
    erasures = bench.options.waveringLearner.map { TortureErasures(bench, learner: IngestBench.learner($0)) }
    for _ in 0..<workers {
      places.append(Place(proxy: try PostgresProxy(to: bench.ingest.database.programURL)))
    }
    for index in places.indices { try await fill(index) }
    try await startAggregator()
    audit.start()
    decider.start()
  }

  /// Runs for some time; `report` is called once a minute.
  func run(for time: Duration, report: () async -> Void) async throws {
    let end = ContinuousClock.now + time
    var nextReport = ContinuousClock.now + .seconds(60)
    var step = schedule.next()
    var due = ContinuousClock.now + step.after
    while ContinuousClock.now < end {
      try await undo(until: .now)
      await look()
      if due <= .now {
        try await begin(step)
        step = schedule.next()
        due = max(due + step.after, .now)
      }
      if nextReport <= .now {
        await report()
        nextReport += .seconds(60)
      }
      try await Task.sleep(for: .milliseconds(20))
    }
    try await undo(until: nil)
    try await erasures?.finish()
    try consent(granted: true)
    // Else the log might grow once more when it is found to be read to its end.
    while !unacknowledged.isEmpty { try await Task.sleep(for: .milliseconds(50)) }
    await endAggregator()
    await audit.stop()
    try await decider.settle(within: .seconds(120))
    await decider.stop()
    while ends.stopping > 0 { try await Task.sleep(for: .milliseconds(50)) }
    for index in places.indices {
      places[index].proxy.disarm()
      try await fill(index)
    }
  }

  /// Every place's worker; all of them run.
  var workers: [StubWorkerProcess] { places.compactMap(\.worker) }

  func stop() {
    for place in places { place.proxy.stop() }
    aggregator?.send(SIGKILL)
  }

  // MARK: Faults

  private func begin(_ step: TortureSchedule.Step) async throws {
    var isDone = true
    switch step.fault {
    case .kill(let index):
      isDone = await end(index) { await $0.kill() == .signalled(SIGKILL) }
    case .killInStore(let index, let place):
      let trap = ProxyTrap(.hold, at: place)
      places[index].proxy.set(trap)
      // The store comes soon, or this becomes a kill at some other time.
      let limit = ContinuousClock.now + .milliseconds(500)
      while !trap.hasSprung, ContinuousClock.now < limit { try await Task.sleep(for: .milliseconds(5)) }
      isDone = await end(index) { await $0.kill() == .signalled(SIGKILL) }
      places[index].proxy.disarm()
    case .stop(let index):
      // Beside what else happens: with the broker away an orderly end waits until it is back.
      isDone = places[index].worker != nil
      if isDone, let worker = vacate(index) { ends.stop(worker) }
    case .freeze(let index):
      isDone = places[index].worker != nil && !places[index].isFrozen
      if isDone {
        places[index].worker?.freeze()
        places[index].isFrozen = true
      }
    case .cut(let index): isDone = places[index].proxy.cutAll() > 0
    case .cutInStore(let index, let place): places[index].proxy.set(ProxyTrap(.cut, at: place))
    case .slow(let index, let delay): places[index].proxy.setStatementDelay(delay)
    case .refuse(let index): places[index].proxy.setRefusing(true)
    case .crashDatabase: isDone = await database.crash()
    case .killBroker(let choice):
      isDone = !brokerIsDown
      if isDone {
        brokerIsDown = true
        try await broker.takeDown(choice)
      }
    case .truncateLogs:
      isDone = !broker.isEmbedded && !brokerIsDown && !hasKeptDisks
      if isDone {
        hasKeptDisks = true
        try await broker.keepDisks()
      }
    case .remakeTopic:
      isDone = !broker.isEmbedded && !brokerIsDown && !hasKeptDisks
      if isDone { try await remakeTopic() }
    case .killAggregator:
      isDone = aggregator != nil
      await endAggregator()
    case .restore:
      isDone = !hasBackup
      if isDone {
        hasBackup = true
        try await database.backUp()
      }
    case .revoke:
      isDone = !isWithdrawn
      if isDone { try consent(granted: false) }
    case .erase:
      isDone = !isWithdrawn && erasures != nil
      if isDone {
        isWithdrawn = true
        erasures?.begin()
      }
    case .control: try await editCourse()
    }
    guard isDone else { return }
    faults[step.fault.kind, default: 0] += 1
    endings.append(Ending(at: .now + step.lasting, fault: step.fault))
  }

  /// Puts the backup in the place of what was stored since. What an operator decided meanwhile is in no log, and is
  /// done again, as after every restore.
  private func restore() async throws {
    try await database.replaceByBackup()
    bench.history.beginGeneration()
    try await database.start()
    hasBackup = false
    erasures?.begin()
    if !isWithdrawn {
      isWithdrawn = true
      endings.append(Ending(at: .now, fault: .erase))
    }
  }

  // MARK: Logs that become others

  private func truncateLogs() async throws {
    hasKeptDisks = false
    try await prepareForAnotherLog()
    var time = IngestBench.now
    try await broker.loseWhatCameSince { time = IngestBench.now }
    try await goOn(since: time, with: await bench.settledEnds())
  }

  private func remakeTopic() async throws {
    try await prepareForAnotherLog()
    let (server, topic, partitions) = (bench.ingest.server, bench.ingest.frameTopic, bench.options.partitions)
    let time = IngestBench.now
    try await BlockingThread().run {
      try server.deleteTopic(topic)
      // A broker says that it is gone before it is.
      let limit = ContinuousClock.now + .seconds(60)
      while true {
        do { return try server.createTopic(topic, partitions: partitions) } catch {
          guard ContinuousClock.now < limit else { throw error }
          usleep(100_000)
        }
      }
    }
    let ends = Dictionary(uniqueKeysWithValues: (0..<Int32(partitions)).map { ($0, Int64(0)) })
    try await goOn(since: time, with: ends)
  }

  /// Nothing may be on its way, so that each acknowledgement is of the log before or of the one after; and what the
  /// operator had to decide about the change before is decided, so that it is known which change a decision is about.
  private func prepareForAnotherLog() async throws {
    thawAll()
    try await bench.producer.stop(within: .seconds(120))
    while !unacknowledged.isEmpty { try await Task.sleep(for: .milliseconds(50)) }
    try await bringDatabaseUp()
    try await decider.settle(within: .seconds(120))
    // A backup of before would take back the operator's decisions.
    hasBackup = false
    endings.removeAll { if case .restore = $0.fault { true } else { false } }
  }

  private func goOn(since time: EventTime, with ends: [Int32: Int64]) async throws {
    bench.journal.changed(at: time, ends: ends)
    // A producer that numbers its records notices that some are gone.
    bench.producer.goOn(with: try bench.ingest.withANewProducer().producer)
    bench.producer.start()
  }

  private func thawAll() { for index in places.indices { thaw(index) } }

  /// Ends what takes the whole database away.
  private func bringDatabaseUp() async throws {
    try await database.start()
    endings.removeAll { if case .crashDatabase = $0.fault { true } else { false } }
  }

  // MARK: The end of faults

  private func undo(until now: ContinuousClock.Instant?) async throws {
    let over = endings.filter { ending in now.map { ending.at <= $0 } ?? true }
    endings.removeAll { ending in now.map { ending.at <= $0 } ?? true }
    for ending in over {
      switch ending.fault {
      case .kill(let index), .killInStore(let index, _), .stop(let index): try await fill(index)
      case .freeze(let index): thaw(index)
      case .slow(let index, _): places[index].proxy.setStatementDelay(.zero)
      case .refuse(let index): places[index].proxy.setRefusing(false)
      case .crashDatabase:
        try await database.start()
      case .killBroker:
        try await broker.bringUp()
        brokerIsDown = false
      // Beside a broker that is down the disks would not be of one moment.
      case .truncateLogs where brokerIsDown: endings.append(Ending(at: .now + .milliseconds(200), fault: .truncateLogs))
      case .truncateLogs: try await truncateLogs()
      case .killAggregator: if now != nil { try await startAggregator() }
      case .restore: try await restore()
      case .revoke: try consent(granted: true)
      case .erase where erasures?.isRunning == true:
        if now != nil { endings.append(Ending(at: .now + .milliseconds(200), fault: .erase)) }
      case .erase: try consent(granted: true)
      case .cut, .cutInStore, .control, .remakeTopic: break
      }
    }
  }

  /// Ends a place's worker, if there is one; an end that is not as it should be is a surprise.
  private func end(_ index: Int, _ ending: (StubWorkerProcess) async -> Bool) async -> Bool {
    guard let worker = vacate(index) else { return false }
    if !(await ending(worker)) { ends.note(worker) }
    return true
  }

  /// Takes the worker out of its place. A frozen process takes no SIGTERM, so it is thawed.
  private func vacate(_ index: Int) -> StubWorkerProcess? {
    guard let worker = places[index].worker else { return nil }
    places[index].worker = nil
    if places[index].isFrozen { worker.thaw() }
    places[index].isFrozen = false
    bench.forget(worker)
    return worker
  }

  private func thaw(_ index: Int) {
    guard places[index].isFrozen else { return }
    places[index].worker?.thaw()
    places[index].isFrozen = false
  }

  private func fill(_ index: Int) async throws {
    guard places[index].worker == nil else { return }
    places[index].starts += 1
    if places[index].starts > 1 { restarts += 1 }
    places[index].worker = try await bench.startWorker(
      "worker-\(index)-\(places[index].starts)", environment: ["LECTERN_POSTGRES_URL": places[index].proxy.url])
  }

  private func startAggregator() async throws {
    guard aggregator == nil, let program = builtExecutable else { return }
    aggregatorStarts += 1
    aggregator = try await ProcessLauncher().launch(
      ChildCommand(
        program, ["aggregate", "--interval", "1s"], environment: bench.environment),
      log: "\(bench.folder)/aggregator-\(aggregatorStarts).log")
  }

  private func endAggregator() async {
    guard let running = aggregator else { return }
    aggregator = nil
    if await running.terminate(signal: SIGKILL) != .signalled(SIGKILL) {
      ends.note("aggregator-\(aggregatorStarts) ended unasked")
    }
  }

  /// Notes who has ended unasked, and has the place filled again.
  private func look() async {
    for index in places.indices {
      guard let worker = places[index].worker else { continue }
      residentPeak = max(residentPeak, worker.residentBytes)
      guard worker.exitStatus != nil else { continue }
      ends.note(worker)
      places[index].worker = nil
      places[index].isFrozen = false
      bench.forget(worker)
      endings.append(Ending(at: .now + .seconds(1), fault: .kill(worker: index)))
    }
  }

  /// What the wavering learner says now, through the log.
  private func consent(granted: Bool) throws {
    guard let learner = bench.options.waveringLearner else { return }
    isWithdrawn = !granted
    consentEvents += 1
    let event = ControlEvent.consent(
      ConsentEvent(
        eventID: "consent-\(consentEvents)", source: IngestBench.source, time: IngestBench.now,
        learnerID: IngestBench.learner(learner), scope: .analytics, granted: granted)
    ).encoded()
    try send(event)
  }

  /// Another title for the course, through the log; while the broker is away it waits there.
  private func editCourse() async throws {
    courseEdits += 1
    let event = ControlEvent.course(
      CourseEvent(
        eventID: "edit-\(courseEdits)", source: IngestBench.source, time: IngestBench.now, courseID: IngestBench.course,
        title: "Signals \(courseEdits)", segments: PostgresIngestFixture.defaultSegments)
    ).encoded()
    try send(event)
  }

  private func send(_ event: EncodedEvent) throws {
    let unacknowledged = unacknowledged
    unacknowledged.add(1)
    try bench.producer.send(event, to: bench.ingest.controlTopic) { _ in unacknowledged.add(-1) }
  }
}

/// Sends that the broker has not answered yet. Any thread.
private final class PendingSends: Sendable {
  private let count = Atomic(0)

  var isEmpty: Bool { count.load(ordering: .acquiring) == 0 }
  func add(_ difference: Int) { count.add(difference, ordering: .acquiringAndReleasing) }
}
