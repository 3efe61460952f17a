package import PostgresIO

/// Whether ledgers, samples and rejects agree: what design and constraints promise, asked of the rows themselves.
///
/// For a connection whose role may read the tables (`lectern_aggregator`), inside one snapshot, so that it holds beside
/// workers, retries, erasures and expiry. Reads the samples three times and the rejects twice, whole.
package struct LogConsistency: Sendable {
  package struct Report: Sendable {
    package var ledgers: [LedgerRow] = []
    package var samples: Int64 = 0
    package var rejects: Int64 = 0
    package var checks: [ConsistencyCheck] = []

    package init() {}
  }

  /// What one pass over the rows of a table found about one ledger.
  package struct Tally: Sendable {
    package var ledger: Int32
    package var rows: Int64
    /// Rows outside the ledger's offsets, and the first of them.
    package var outside: Int64
    package var firstOutside: Int64?
    /// Samples that are not their session's, and the first of them.
    package var strays: Int64
    package var firstStray: Int64?

    package init(
      ledger: Int32, rows: Int64, outside: Int64 = 0, firstOutside: Int64? = nil, strays: Int64 = 0,
      firstStray: Int64? = nil
    ) {
      (self.ledger, self.rows, self.outside, self.firstOutside) = (ledger, rows, outside, firstOutside)
      (self.strays, self.firstStray) = (strays, firstStray)
    }
  }

  package init() {}

  /// Must come before the transaction's first query: no daily partition is then dropped between the snapshot and the
  /// statements that read it, and sorting a million rows stays in memory.
  package func prepare(on connection: isolated PostgresConnection) throws(PostgresError) {
    try connection.execute("LOCK TABLE lectern.emotion_sample IN ACCESS SHARE MODE; SET LOCAL work_mem = '64MB'")
  }

  package func run(on connection: isolated PostgresConnection) throws(PostgresError) -> Report {
    var report = Report()
    report.ledgers = try LedgerRow.all(on: connection).sorted { $0.ledgerID < $1.ledgerID }
    let names = Dictionary(report.ledgers.map { ($0.ledgerID, $0.log) }) { first, _ in first }
    report.checks = [
      Self.arithmetic(report.ledgers), Self.incarnations(report.ledgers), Self.duplicates(report.ledgers),
    ]

    let clock = ContinuousClock()
    var begin = clock.now
    let samples = try tallies(ofSamplesOn: connection)
    let samplesTook = clock.now - begin
    begin = clock.now
    let rejects = try tallies(ofRejectsOn: connection)
    let rejectsTook = clock.now - begin
    report.samples = samples.reduce(0) { $0 + $1.rows }
    report.rejects = rejects.reduce(0) { $0 + $1.rows }

    report.checks += [
      Self.counted(
        "samples_counted", compares: "rows of samples = samples − erased − expired, for each ledger", samples,
        report.ledgers, took: samplesTook
      ) { $0.samples - $0.erased - $0.expired },
      Self.counted(
        "rejects_counted", compares: "rows of rejects = rejects, for each ledger", rejects, report.ledgers,
        took: rejectsTook
      ) { $0.rejects },
      Self.inRange(samples, rejects, names),
      Self.strays(samples, names),
    ]
    begin = clock.now
    let places = try repeatedPlaces(names, on: connection)
    report.checks.append(
      ConsistencyCheck(
        "places_unique", compares: "no record of a log among samples and rejects twice", violations: places.total,
        places: places.places, took: clock.now - begin))
    begin = clock.now
    let keys = try repeatedKeys(names, on: connection)
    report.checks.append(
      ConsistencyCheck(
        "keys_unique", compares: "no frame of a session stored twice, on whatever day", violations: keys.total,
        places: keys.places, took: clock.now - begin))
    return report
  }

  // MARK: Ledgers

  package static func arithmetic(_ ledgers: [LedgerRow]) -> ConsistencyCheck {
    var places: [ConsistencyCheck.Place] = []
    for row in ledgers {
      let counters = row.counters
      var wrong: [String] = []
      if row.nextOffset - row.firstOffset != counters.accounted {
        wrong.append("\(row.nextOffset - row.firstOffset) offsets taken, \(counters.accounted) counted")
      }
      if counters.erased + counters.expired > counters.samples {
        wrong.append(
          "\(counters.erased) erased and \(counters.expired) expired of \(counters.samples) samples ever stored")
      }
      if let last = row.last, last.offset < row.firstOffset || last.offset >= row.nextOffset {
        wrong.append("the last record, at \(last.offset), lies outside \(row.firstOffset)..<\(row.nextOffset)")
      }
      guard !wrong.isEmpty else { continue }
      places.append(
        ConsistencyCheck.Place(ledger: row.ledgerID, log: row.log, detail: wrong.joined(separator: "; ")))
    }
    return ConsistencyCheck(
      "ledger_arithmetic",
      compares: "next − first = samples + rejects + duplicates + applied + skipped + lost; erased + expired ≤ samples",
      violations: Int64(places.count), places: places)
  }

  /// One log has one ledger that moves, its newest incarnation: they are numbered without a gap.
  ///
  /// When a row was updated says nothing about an older one: a retry of its rejects moves its counters at any time.
  package static func incarnations(_ ledgers: [LedgerRow]) -> ConsistencyCheck {
    var places: [ConsistencyCheck.Place] = []
    let logs = Dictionary(grouping: ledgers) {
      LogIdentity(clusterID: $0.log.clusterID, topic: $0.log.topic, partition: $0.log.partition)
    }
    for rows in logs.values {
      let ordered = rows.sorted { ($0.log.incarnation ?? 0, $0.ledgerID) < ($1.log.incarnation ?? 0, $1.ledgerID) }
      for (index, row) in ordered.enumerated() {
        let incarnation = row.log.incarnation ?? 0
        if incarnation != Int32(index) {
          places.append(
            ConsistencyCheck.Place(
              ledger: row.ledgerID, log: row.log, detail: "incarnation \(incarnation) stands where \(index) belongs"))
        }
      }
    }
    places.sort { ($0.ledger ?? 0) < ($1.ledger ?? 0) }
    return ConsistencyCheck(
      "ledgers_apart", compares: "one ledger for each log and incarnation, numbered without a gap",
      violations: Int64(places.count), places: places)
  }

  /// A duplicate is a second delivery of a frame that is stored, from whatever log.
  package static func duplicates(_ ledgers: [LedgerRow]) -> ConsistencyCheck {
    let stored = ledgers.contains { $0.counters.samples > 0 }
    let places = ledgers.filter { !stored && $0.counters.duplicates > 0 }.map { row in
      ConsistencyCheck.Place(
        ledger: row.ledgerID, log: row.log,
        detail: "\(row.counters.duplicates) duplicates, and no sample was ever stored")
    }
    return ConsistencyCheck(
      "duplicates_of_samples", compares: "where duplicates are counted, samples were stored",
      violations: Int64(places.count), places: places)
  }

  // MARK: Counts

  package static func counted(
    _ name: String, compares: String, _ tallies: [Tally], _ ledgers: [LedgerRow], took: Duration,
    expected: (LedgerCounters) -> Int64
  ) -> ConsistencyCheck {
    var rows = Dictionary(tallies.map { ($0.ledger, $0.rows) }, uniquingKeysWith: +)
    var places: [ConsistencyCheck.Place] = []
    for ledger in ledgers {
      let found = rows.removeValue(forKey: ledger.ledgerID) ?? 0
      let wanted = expected(ledger.counters)
      guard found != wanted else { continue }
      places.append(
        ConsistencyCheck.Place(ledger: ledger.ledgerID, log: ledger.log, detail: "\(found) rows, \(wanted) counted"))
    }
    for (ledger, found) in rows.sorted(by: { $0.key < $1.key }) {
      places.append(ConsistencyCheck.Place(ledger: ledger, detail: "\(found) rows of a ledger there is none of"))
    }
    return ConsistencyCheck(name, compares: compares, violations: Int64(places.count), places: places, took: took)
  }

  package static func inRange(
    _ samples: [Tally], _ rejects: [Tally], _ names: [Int32: LogIdentity]
  ) -> ConsistencyCheck {
    let found = [("sample", samples), ("reject", rejects)].flatMap { kind, tallies in
      tallies.filter { $0.outside > 0 }.map { tally in
        ConsistencyCheck.Place(
          ledger: tally.ledger, log: names[tally.ledger], offset: tally.firstOutside,
          detail: "the first of \(tally.outside), a \(kind)")
      }
    }
    return ConsistencyCheck(
      "offsets_in_range", compares: "offsets of samples and rejects lie in their ledger's [first, next)",
      violations: (samples + rejects).reduce(0) { $0 + $1.outside }, places: found)
  }

  package static func strays(_ samples: [Tally], _ names: [Int32: LogIdentity]) -> ConsistencyCheck {
    ConsistencyCheck(
      "samples_in_sessions", compares: "a sample's session is there, with the sample's day, course and learner",
      violations: samples.reduce(0) { $0 + $1.strays },
      places: samples.filter { $0.strays > 0 }.map { tally in
        ConsistencyCheck.Place(
          ledger: tally.ledger, log: names[tally.ledger], offset: tally.firstStray,
          detail: "the first of \(tally.strays)")
      })
  }
}
