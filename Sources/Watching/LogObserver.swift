import Ingest
package import KafkaIO
package import LearningEvents
package import Persistence
import Services
import Telemetry

/// Observes the logs of ledgers again and again: where they begin and end, and whether they are the ones the ledgers
/// know.
///
/// On a thread of its own, because the questions block. The watermarks are asked for at each observation, records that
/// were stored, each of which costs a fetch, only once in a while. Nothing is repeated here: an observation that fails
/// is the caller's to show.
package actor LogObserver {
  nonisolated let executor = ThreadExecutor(name: "log-observer")
  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  private let settings: KafkaSettings
  private let topics: [TopicName]
  private let clock: @Sendable () -> EventTime
  private var client: KafkaAdmin?
  private var clusterID: ClusterID?
  /// What the last comparison of records found, and when it was made.
  private var differing: [Int32: String] = [:]
  private var compared: EventTime?
  private var partitionCounts: [TopicName: Int32] = [:]
  /// Kafka's ids of the topics, where they are told.
  private var topicIDs: [TopicName: TopicID] = [:]
  /// The times of first records, by ledger: asked for once.
  private var firstTimes: [Int32: EventTime] = [:]

  private static let deadline = Duration.seconds(2)
  private static let comparisonInterval = Duration.seconds(30)

  /// - Parameters:
  ///   - topics: whose partitions without a ledger are shown too.
  ///   - clusterID: the name the ledgers keep the cluster under; nil asks the brokers.
  package init(
    settings: KafkaSettings, topics: [TopicName], clusterID: ClusterID?, clock: @escaping @Sendable () -> EventTime
  ) {
    // A question to a broker that went away takes as long as a socket may, or more, whatever the call's own timeout
    // says; and one that is back is to be seen soon.
    self.settings = settings.adding(["socket.timeout.ms": "2000", "reconnect.backoff.max.ms": "1000"])
    (self.topics, self.clusterID, self.clock) = (topics, clusterID, clock)
  }

  /// - Parameter ledgers: as they were before this observation; those of other clusters are left out.
  package func observe(_ ledgers: [LedgerRow]) throws(KafkaError) -> LogObservation {
    if client == nil { client = try KafkaAdmin(settings: settings, logger: .silent) }
    guard let client else { preconditionFailure("it was made above") }
    do throws(KafkaError) {
      return try observe(ledgers, client)
    } catch {
      throw client.refusal() ?? error
    }
  }

  private func observe(_ ledgers: [LedgerRow], _ client: KafkaAdmin) throws(KafkaError) -> LogObservation {
    let cluster: ClusterID
    if let known = clusterID { cluster = known } else { cluster = try client.clusterID(timeout: Self.deadline) }
    clusterID = cluster
    var observation = LogObservation(at: clock(), clusterID: cluster)
    let own = ledgers.filter { $0.log.clusterID == cluster }
    let isDue = compared.map { $0.advanced(by: Self.comparisonInterval) <= observation.at } ?? true
    if isDue {
      for topic in Set(topics + own.map(\.log.topic)) {
        partitionCounts[topic] = Int32(try client.partitionCount(of: topic, timeout: Self.deadline) ?? 0)
        topicIDs[topic] = try? client.topicID(of: topic, timeout: Self.deadline)
      }
      differing = [:]
    }
    // One for all partitions, closed after the observation: connecting anew for each would take longer than the caller
    // waits.
    let reader = SingleRecordReader(settings: settings, logger: .silent)
    for ledger in own { try examine(ledger, client, reader, comparing: isDue, into: &observation) }
    if isDue { compared = observation.at }
    let claimed = Set(own.map { TopicPartition(topic: $0.log.topic, partition: $0.log.partition) })
    for topic in topics {
      for number in 0..<partitionCounts[topic, default: 0] {
        let place = TopicPartition(topic: topic, partition: number)
        guard !claimed.contains(place) else { continue }
        let ends = try client.watermarks(of: place, timeout: Self.deadline)
        observation.unclaimed[place] = LogObservation.Ends(low: ends.low, high: ends.high)
      }
    }
    return observation
  }

  private func examine(
    _ ledger: LedgerRow, _ client: KafkaAdmin, _ reader: SingleRecordReader, comparing: Bool,
    into observation: inout LogObservation
  ) throws(KafkaError) {
    let place = TopicPartition(topic: ledger.log.topic, partition: ledger.log.partition)
    if place.partition >= partitionCounts[place.topic, default: 0] {
      // Partitions may have been added.
      partitionCounts[place.topic] = Int32(try client.partitionCount(of: place.topic, timeout: Self.deadline) ?? 0)
    }
    guard place.partition < partitionCounts[place.topic, default: 0] else {
      observation.parked[ledger.ledgerID] = ParkReason.logIsGone(nextOffset: ledger.nextOffset).description
      return
    }
    let (low, high) = try client.watermarks(of: place, timeout: Self.deadline)
    observation.ends[ledger.ledgerID] = LogObservation.Ends(low: low, high: high)
    if let reason = ParkReason(nextOffset: ledger.nextOffset, lowWatermark: low, highWatermark: high) {
      observation.parked[ledger.ledgerID] = reason.description
      return
    }
    if ledger.last == nil, high > ledger.nextOffset {
      if firstTimes[ledger.ledgerID] == nil {
        let record = try reader.record(at: place, offset: ledger.nextOffset, timeout: Self.deadline)
        // Where the offset holds none, it is asked for again.
        firstTimes[ledger.ledgerID] = record.flatMap(\.timestamp)
      }
      observation.waitingSince[ledger.ledgerID] = firstTimes[ledger.ledgerID]
    }
    if comparing {
      // As a worker does that claims it.
      let stored = ledger.marks.and(ledger.last).few
      let offsets = stored.map(\.offset).filter { $0 >= low && $0 < high }
      let records = try reader.marks(at: offsets, in: place, timeout: Self.deadline)
      let contents = LogContents(low: low, high: high, records: records)
      let isAnother =
        ledger.nextOffset > 0 ? ParkReason(topicID: ledger.topicID, found: topicIDs[place.topic]) : nil
      let reason = isAnother ?? ParkReason(stored: stored, in: contents)
      if let reason { differing[ledger.ledgerID] = reason.description }
    }
    observation.parked[ledger.ledgerID] = differing[ledger.ledgerID]
  }
}
