package import Ingest
import LearningEvents
package import Persistence
import PlainText
import TextOutput

/// What `lectern rejects list` prints.
package struct RejectPage: Encodable {
  struct Count: Encodable {
    let topic: TopicName
    let code, detail, first, last: String
    let count: Int64
  }

  struct Row: Encodable {
    let topic: TopicName
    let code, detail, rejectedAt: String
    let incarnation, partition: Int32
    let offset: Int64
    let recordTime: String?
    let source: SourceID?
    let course: CourseID?
    let event: EventID?

    /// What was wrong, and what the LMS finds its record by.
    fileprivate var text: String {
      let reference = [("source", source?.text), ("course", course?.text), ("event", event?.text)].compactMap {
        name, id in id.map { "\(name) \($0.printable)" }
      }
      return detail.printable + (reference.isEmpty ? "" : " (\(reference.joined(separator: ", ")))")
    }
  }

  var counts: [Count]?
  var rows: [Row]?
  /// Where the next page begins; nil on the last.
  var next: String?

  package init(counts: [RejectCount]) {
    self.counts = counts.map { count in
      Count(
        topic: count.topic, code: count.code.rawValue, detail: count.detail, first: count.firstAt.rfc3339,
        last: count.lastAt.rfc3339, count: count.count)
    }
  }

  package init(records: [RejectedRecord], limit: Int) {
    rows = records.prefix(limit).map { record in
      Row(
        topic: record.topic, code: record.code.rawValue, detail: record.detail, rejectedAt: record.rejectedAt.rfc3339,
        incarnation: record.incarnation, partition: record.partition, offset: record.place.offset,
        recordTime: record.recordTimestamp?.rfc3339, source: record.reference.source,
        course: record.reference.courseID, event: record.reference.eventID)
    }
    if records.count > limit { next = records[limit - 1].place.configurationText }
  }

  package var text: String { text(columns: nil) }

  /// - Parameter columns: the terminal's width, to which details are broken; nil breaks none.
  package func text(columns: Int?) -> String {
    var text = ""
    if let counts {
      let table = TextTable(["topic", "code", "first", "last", "count", "detail"], leading: 4, last: .text)
      text += table.text(
        counts.map {
          [
            $0.topic.text.printable, $0.code, Self.seconds($0.first), Self.seconds($0.last), "\($0.count)",
            $0.detail.printable,
          ]
        }, columns: columns)
    }
    if let rows {
      let table = TextTable(["rejected", "code", "place", "record", "detail"], leading: 4, last: .text)
      text += table.text(
        rows.map { row in
          let incarnation = row.incarnation == 0 ? "" : "#\(row.incarnation)"
          return [
            Self.seconds(row.rejectedAt), row.code,
            "\(row.topic.text.printable)\(incarnation)[\(row.partition)]/\(row.offset)",
            row.recordTime.map { Self.seconds($0) } ?? "-", row.text,
          ]
        }, columns: columns)
    }
    if let next { text += "next page: --after \(next)\n" }
    return text
  }

  /// A time for people: `2026-11-23T10:00:00Z` of one with a fraction; JSON has that too.
  private static func seconds(_ time: String) -> String {
    time.contains(".") ? time.prefix { $0 != "." } + "Z" : time
  }
}

/// What `lectern rejects retry` prints.
package struct RetryAnswer: Encodable {
  let samples, duplicates, rejects, untouched, gone: Int64
  /// Partitions that were left out, with the reason.
  private let parked: [String: String]
  /// Partitions that were left midway, because the database was restored meanwhile.
  private let abandoned: [String]
  /// A line for each partition that was left out or left midway, for people.
  package let notes: [String]

  private enum CodingKeys: String, CodingKey {
    case samples, duplicates, rejects, untouched, gone, parked, abandoned
  }

  package init(_ report: RetryReport) {
    (samples, duplicates, rejects) = (report.samples, report.duplicates, report.rejects)
    (untouched, gone) = (report.untouched, report.gone)
    parked = Dictionary(uniqueKeysWithValues: report.parked.map { ("\($0.key)", "\($0.value)") })
    abandoned = report.abandoned.map { "\($0)" }.sorted()
    notes =
      report.parked.sorted { $0.key < $1.key }.map { "left out: \($0): \($1)\n" }
      + report.abandoned.sorted().map {
        "left midway: \($0): its ledger became another or an older one, as after a restore; retry once more\n"
      }
  }

  package var text: String {
    """
    samples     \(samples)
    duplicates  \(duplicates)
    rejected    \(rejects) again
    untouched   \(untouched), judged by somebody else meanwhile
    gone        \(gone), no longer in the log: left as they are

    """
  }
}
