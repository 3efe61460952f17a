package import LearningEvents
package import Persistence
package import Watching

/// A suite that makes up the moments, ledgers and logs it observes.
package protocol MadeUpIngest {}

extension MadeUpIngest {
  private var start: EventTime { EventTime(microseconds: 1_764_000_000_000_000) }

  /// The moment so many seconds after the start of all.
  package func at(_ seconds: Double) -> EventTime { start.advanced(by: .milliseconds(Int64(seconds * 1000))) }

  /// A ledger of partition `id`, read from 0 to `next`, whose last record was written at `lastAt`.
  package func ledger(
    _ id: Int32, next: Int64, rejects: Int64 = 0, skipped: Int64 = 0, lastAt: Double? = nil, movedAt: Double = 0,
    topic: TopicName = "frames", incarnation: Int32 = 0
  ) -> LedgerRow {
    var counters = LedgerCounters()
    (counters.rejects, counters.skipped) = (rejects, skipped)
    counters.samples = next - rejects - skipped
    return LedgerRow(
      ledgerID: id, log: LogIdentity(clusterID: "c", topic: topic, incarnation: incarnation, partition: id),
      consumerGroup: "lectern", epoch: 1, firstOffset: 0, nextOffset: next,
      last: lastAt.map { RecordMark(offset: next - 1, timestampMilliseconds: at($0).milliseconds, idHash: 1) },
      counters: counters, updatedAt: at(movedAt))
  }

  /// Logs that begin at 0, by ledger.
  package func logs(
    _ seconds: Double, _ ends: [Int32: Int64], parked: [Int32: String] = [:]
  ) -> LogObservation {
    var observation = LogObservation(at: at(seconds), clusterID: "c")
    observation.ends = ends.mapValues { LogObservation.Ends(low: 0, high: $0) }
    observation.parked = parked
    return observation
  }
}
