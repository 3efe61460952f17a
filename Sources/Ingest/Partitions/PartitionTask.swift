import KafkaIO
import LearningEvents
import Persistence
import PostgresIO
import Services
import Telemetry

/// Works on one partition from its assignment to its end: claims its ledger, checks that the log is the one the ledger
/// knows, and then turns batches into stored results, one transaction each.
///
/// It runs beside the poll thread and never holds it up. Whatever ends it (revocation, shutdown, a crash), the ledger
/// says where the next owner begins; what it held in memory is read again.
struct PartitionTask: Sendable {
  let partition: TopicPartition
  let queue: PollLoop.Queue
  let stop: StopFlag
  let context: IngestContext
  let work: any PartitionWork

  private var name: String { partition.description }

  /// Returns when asked to stop; throws what no waiting can mend, which ends the worker.
  func run() async throws {
    defer {
      context.health.endClaim(partition)
      context.loop.send(.hold(partition, queue))
    }
    var backoff = Backoff()
    do {
      while true {
        context.health.beginClaim(partition)
        // Taken before the claim: if another connection is opened meanwhile, the first batch notices.
        let lease = try await context.database.lease(until: stop)
        let cursor = try await claimUnparked()
        context.health.endClaim(partition)
        try await work.prepare()
        switch try await follow(from: cursor, under: lease) {
        case .ended: return
        case .claimAgain(let hasStored): if hasStored { backoff.reset() }
        }
        // Claimed elsewhere while still assigned here (let the other one have its turn), or the log moved away.
        context.loop.send(.hold(partition, queue))
        try await stop.sleep(for: backoff.delay())
      }
    } catch is StopRequested {
      return
    }
  }

  /// Claims the ledger. While it does not fit the log the partition is parked, until an operator has decided or the log
  /// fits again, which is looked for every `parkedInterval`.
  private func claimUnparked() async throws -> LedgerCursor {
    defer {
      context.health.unpark(partition)
      context.metrics.parkedPartitions.set(context.health.parkedCount)
    }
    var known: ParkReason?
    while true {
      let ledger = try await claim()
      // Before the log is compared: a topic that is made again in between is then known by its id.
      var topicID = ledger.topicID
      if topicID == nil {
        topicID = try await context.probe.topicID(of: partition.topic, until: stop)
      }
      guard let reason = try await reasonToPark(ledger) else {
        if known != nil {
          context.logger.info("a parked partition goes on", metadata: ["partition": .string(name)])
        }
        if let topicID, topicID != ledger.topicID {
          try await context.database.retrying(until: stop) { try await $0.noteTopic(topicID, of: ledger) }
        }
        return LedgerCursor(
          ledgerID: ledger.ledgerID, epoch: ledger.epoch, nextOffset: ledger.nextOffset, last: ledger.last,
          topicID: topicID)
      }
      context.health.park(partition, reason)
      context.metrics.parkedPartitions.set(context.health.parkedCount)
      if reason != known {
        context.logger.error(
          "a partition is parked", metadata: ["partition": .string(name), "reason": .string(reason.description)])
      }
      known = reason
      try await waitForChange(of: ledger)
    }
  }

  private func claim() async throws -> LedgerState {
    let watermarks = try await context.probe.watermarks(of: partition, until: stop)
    let identity = LogIdentity(
      clusterID: context.clusterID, topic: partition.topic, partition: partition.partition)
    let group = context.settings.consumerGroup
    let (ledger, isNew) = try await context.database.retrying(until: stop) {
      try await $0.claim(identity, group: group, lowWatermark: watermarks.low)
    }
    if isNew, watermarks.low > 0 {
      context.logger.warning(
        "the log begins after offset 0: what was before it was never seen",
        metadata: ["partition": .string(name), "first_offset": .int(watermarks.low)])
    }
    return ledger
  }

  private func reasonToPark(_ ledger: LedgerState) async throws -> ParkReason? {
    let marks = try await context.database.retrying(until: stop) { try await $0.marks(of: ledger.ledgerID) }
    return try await context.probe.reasonToPark(
      partition, nextOffset: ledger.nextOffset, topicID: ledger.topicID, stored: marks.and(ledger.last).few, until: stop
    )
  }

  /// Returns once another claim or decision raised the ledger's epoch, or the log fits it again; and now and then all
  /// the same, since a decision that came at the very moment of the claim may have begun another ledger.
  private func waitForChange(of ledger: LedgerState) async throws {
    for _ in 0..<12 {
      try await stop.sleep(for: context.settings.parkedInterval)
      let rows = try await context.database.retrying(until: stop) { try await $0.ledgers([ledger.ledgerID]) }
      guard rows[ledger.ledgerID] == ledger else { return }
      if try await reasonToPark(ledger) == nil { return }
    }
  }

  private enum Ending {
    case ended
    case claimAgain(hasStored: Bool)
  }

  /// Takes batches until the queue closes or the claim is lost.
  private func follow(from start: LedgerCursor, under first: DatabaseLease) async throws -> Ending {
    var (cursor, lease) = (start, first)
    var losses = ConnectionLosses()
    var suspicion = LogSuspicion(disturbances: context.loop.disturbances, last: cursor.last, at: .now)
    try await flow(from: cursor.nextOffset)
    while true {
      let asked = ContinuousClock.now
      guard let entries = await queue.nextBatch() else { return .ended }
      suspicion.note(waited: asked.duration(to: .now), ofWhichAgeing: context.settings.batchAge)
      guard PartitionEntry.isInOrder(entries) else {
        context.logger.warning(
          "records of a partition came out of their order: reading them again",
          metadata: ["partition": .string(name), "offset": .int(cursor.nextOffset)])
        try await flow(from: cursor.nextOffset)
        continue
      }
      switch try await chain(entries, after: cursor, &suspicion) {
      case .whole:
        guard try await take(entries, at: &cursor, under: &lease, &losses) else {
          return .claimAgain(hasStored: cursor.nextOffset > start.nextOffset)
        }
      case .batchIsStale:
        context.metrics.logChanges.increment()
        context.logger.warning(
          "the log changed behind what was fetched of it: reading that again",
          metadata: ["partition": .string(name), "offset": .int(cursor.nextOffset)])
        try await flow(from: cursor.nextOffset)
      case .broken(let reason):
        context.metrics.logChanges.increment()
        context.logger.error(
          "the log is another one than was stored from: nothing more of it is stored",
          metadata: ["partition": .string(name), "reason": .string(reason.description)])
        return .claimAgain(hasStored: false)
      }
    }
  }

  /// Compares what was fetched, and what was stored before it, with the log as it is now, where that may be another.
  private func chain(
    _ entries: [PartitionEntry], after cursor: LedgerCursor, _ suspicion: inout LogSuspicion
  ) async throws -> LogChain {
    let (received, logEnd) = PartitionEntry.records(of: entries[...], from: cursor.nextOffset)
    let end = max(logEnd ?? 0, received.last.map { $0.record.offset + 1 } ?? 0)
    // A batch of nothing new proves nothing and stores nothing.
    guard end > cursor.nextOffset else { return .whole }
    let chain: LogChain
    switch suspicion.comparison(after: context.loop.disturbances, last: cursor.last, at: .now) {
    case nil: return .whole
    case .anchor(let mark):
      let contents = try await context.chainProbe.scattered(of: partition, at: [mark.offset], until: stop)
      chain = LogChain(
        after: mark, nextOffset: cursor.nextOffset, batch: [], reaching: cursor.nextOffset, in: contents)
    case .batch:
      if logEnd != nil { suspicion.end(at: .now) }
      let batch = received.map { RecordMark($0.record) }
      let offsets = [cursor.last?.offset].compactMap(\.self) + batch.map(\.offset)
      let contents = try await context.chainProbe.contents(
        of: partition, at: offsets, asksForTopic: cursor.topicID != nil, until: stop)
      chain = LogChain(
        after: cursor.last, nextOffset: cursor.nextOffset, batch: batch, reaching: end, topicID: cursor.topicID,
        in: contents)
    }
    if chain == .whole { suspicion.noteComparison(after: cursor.last, at: .now) }
    return chain
  }

  /// Works on a batch until it is stored, or is to be read again from where the ledger stands; false if the claim is
  /// lost.
  ///
  /// A batch that loses the connection or runs into its deadline again and again is tried less and less often, and in
  /// smaller and smaller pieces: it may be more than the server can take.
  private func take(
    _ entries: [PartitionEntry], at cursor: inout LedgerCursor, under lease: inout DatabaseLease,
    _ losses: inout ConnectionLosses
  ) async throws -> Bool {
    var rest = entries[...]
    var piece = rest.count
    var stored = cursor.nextOffset
    while true {
      do {
        try await lease.check(until: stop)
        let (records, end) = PartitionEntry.records(of: rest.prefix(piece), from: cursor.nextOffset)
        try await work.process(records, reaching: end, at: &cursor, under: lease)
        context.loop.send(.mirror(partition, nextOffset: cursor.nextOffset))
        losses.end()
        rest = rest.dropFirst(piece)
        if rest.isEmpty { return !entries.contains(where: \.isOutOfLog) }
      } catch is LeaseEnded {
        if cursor.nextOffset > stored { losses.end() }
        stored = cursor.nextOffset
        if let delay = losses.another() { try await stop.sleep(for: delay) }
        if losses.isTooMuchAtOnce { piece = max(1, min(piece, rest.count) / 2) }
        // Control before frames: what a restored database knows of consent must be complete before anything is judged.
        lease = try await context.database.lease(until: stop)
        try await work.prepare()
        switch try await catchUp(&cursor) {
        case .goOn: continue
        case .readAgain:
          try await flow(from: cursor.nextOffset)
          return true
        case .claimAgain: return false
        }
      } catch let error as PostgresError where error.severity == .fenced {
        context.metrics.fenced.increment()
        switch try await catchUp(&cursor) {
        case .goOn, .readAgain:
          try await flow(from: cursor.nextOffset)
          return true
        case .claimAgain: return false
        }
      }
    }
  }

  /// What follows from where the ledger was found.
  private enum Consequence {
    /// What is in hand is good; the part of it that is stored is passed over.
    case goOn
    /// The log is delivered again from the cursor on.
    case readAgain
    case claimAgain
  }

  /// Moves the cursor to where the ledger stands.
  private func catchUp(_ cursor: inout LedgerCursor) async throws -> Consequence {
    let id = cursor.ledgerID
    let row = try await context.database.retrying(until: stop) { try await $0.ledgers([id]) }[id]
    let outcome = FenceOutcome(row: row, cursor: cursor)
    if outcome != .unchanged {
      context.logger.warning(
        "the ledger is not where this worker left it",
        metadata: ["partition": .string(name), "outcome": .string("\(outcome)")])
    }
    let stored = cursor.nextOffset
    if let row { cursor.move(to: row) }
    switch outcome {
    case .claimedElsewhere: return .claimAgain
    case .databaseWentBackBeforeClaim:
      context.metrics.rewinds.increment()
      context.logger.error(
        "the database went back to a state before this claim: claiming again",
        metadata: ["partition": .string(name)])
      return .claimAgain
    case .unchanged, .alreadyStored: return .goOn
    case .databaseWentBack(let offset):
      context.metrics.rewinds.increment()
      context.logger.error(
        "the database went back to an older state: reading the log again from there",
        metadata: ["partition": .string(name), "offsets": .int(stored - offset)])
      return .readAgain
    }
  }

  /// Has the partition delivered from an offset on; asks again while the consumer is not ready for it.
  private func flow(from offset: Int64) async throws {
    var backoff = Backoff()
    while true {
      do throws(KafkaError) {
        return try await context.loop.flow(partition, into: queue, from: offset)
      } catch {
        // A partition that was taken away meanwhile cannot be sought in, and need not be.
        try stop.check()
        context.logger.warning(
          "a partition cannot be read yet; trying again",
          metadata: ["partition": .string(name), "error": .string(error.description)])
      }
      try await stop.sleep(for: backoff.delay())
    }
  }
}

/// What a partition's records are turned into: frames into samples, control events into what they declare.
protocol PartitionWork: Sendable {
  /// Called after each claim and on each new connection, before the next record.
  func prepare() async throws

  /// Stores what becomes of these records and moves the cursor as far as they are stored, or up to the log's end where
  /// it was reached.
  ///
  /// - Throws: `PostgresError` of severity `fenced` and `LeaseEnded`, after which the caller reads the ledger;
  ///   `StopRequested`, after which the cursor stands behind what was stored; anything else ends the worker.
  func process(
    _ records: [ReceivedRecord], reaching end: Int64?, at cursor: inout LedgerCursor, under lease: DatabaseLease
  ) async throws
}
