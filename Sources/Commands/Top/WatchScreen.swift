import LearningEvents
import PlainText
import TextOutput
package import Watching

/// A report as lines of text for a terminal of a certain size.
///
/// Narrow terminals lose columns, from the least needed on, then the ends of lines; low ones lose the partitions that
/// are least behind, and the last line says how many.
package struct WatchScreen: Sendable {
  package var columns: Int
  /// Nil does not end.
  package var rows: Int?
  package var hasColour: Bool

  package init(columns: Int, rows: Int? = nil, hasColour: Bool = false) {
    (self.columns, self.rows, self.hasColour) = (max(20, columns), rows, hasColour)
  }

  private enum Style: String {
    case plain = "", bold = "1", dim = "2", red = "31", yellow = "33"
  }

  /// No line is longer than the terminal is wide, colours not counted, and there are no more than it has rows.
  package func lines(_ report: WatchReport) -> [String] {
    var lines = [painted(headline(report), .bold)]
    for (name, status) in [
      ("PostgreSQL", report.postgres), ("Kafka", report.kafka), ("workers", report.workers),
    ] {
      guard let status, !status.ok else { continue }
      let age = status.ageSeconds.map { ", shown is what it said \(Self.span($0)) ago" } ?? ""
      let what = status.isRefusal == true ? "\(name) refuses" : "no answer from \(name)"
      lines.append(painted("\(what)\(age): \((status.problem ?? "").printable)", .red))
    }
    if !report.rejects.isEmpty || report.rejectsTotal ?? 0 > 0 { lines.append(painted(rejects(report), .plain)) }
    lines.append("")
    let table = table(report)
    lines.append(painted(table[0].text, .dim))
    var rest = Array(table.dropFirst())
    if let rows, lines.count + rest.count > rows {
      let shown = max(0, rows - lines.count - 1)
      let hidden = report.partitions.count - rest.prefix(shown).count { !$0.isNote }
      rest = rest.prefix(shown) + [Line(text: "… and \(hidden) more", style: .dim, isNote: true)]
    }
    lines += rest.map { painted($0.text, $0.style) }
    return Array(lines.prefix(rows ?? .max))
  }

  private struct Line {
    var text: String
    var style: Style
    /// Not a partition's own line.
    var isNote = false
  }

  private func headline(_ report: WatchReport) -> String {
    var words = ["lectern top", String(report.time.prefix(19)).replacing("T", with: " ") + "Z"]
    words.append(report.recordsPerSecond.map { "\(Self.rate($0)) records/s" } ?? "rate unknown")
    if report.kafka != nil {
      words.append("lag \(report.lagRecords)" + (report.lagSeconds.map { " (\(Self.span($0)))" } ?? ""))
      if let backlog = backlog(report) { words.append(backlog) }
    }
    if let batch = report.batch {
      words.append(
        "batch " + (batch.meanSeconds.map(Self.brief) ?? "-")
          + " (\(batch.workers) worker\(batch.workers == 1 ? "" : "s"))")
    }
    if report.parked > 0 { words.append("\(report.parked) PARKED") }
    return words.joined(separator: "  ")
  }

  /// When a backlog will be worked off: nil where nothing waits, or it is not known yet how fast it changes.
  private func backlog(_ report: WatchReport) -> String? {
    guard report.lagRecords > 0, let growth = report.lagRecordsPerSecond else { return nil }
    if let seconds = report.backlogSeconds { return "worked off in ~\(Self.span(seconds))" }
    return growth > 0 ? "growing by \(Self.rate(growth))/s" : "not shrinking"
  }

  private func rejects(_ report: WatchReport) -> String {
    let isWhole = report.rejects.contains { $0.count != nil }
    return
      (["rejects" + (isWhole ? "" : " \(report.rejectsTotal ?? 0)")]
      + report.rejects.map { reject in
        let new = reject.new > 0 ? " (+\(reject.new))" : ""
        return reject.code + (reject.count.map { " \($0)" } ?? "") + new
      }).joined(separator: "  ")
  }

  // MARK: The table

  private struct Column: Sendable {
    let title: String
    /// Those with the highest go first where there is no room; those with 0 stay.
    let expendability: Int
    let value: @Sendable (WatchReport.Partition) -> String
  }

  private static let columns = [
    Column(title: "partition", expendability: 0) { "\($0.topic.text.printable)[\($0.partition)]" },
    Column(title: "records/s", expendability: 2) { $0.recordsPerSecond.map(rate) ?? "-" },
    Column(title: "lag", expendability: 0) { $0.lag.map(String.init) ?? "-" },
    Column(title: "behind", expendability: 1) { $0.lagSeconds.map(span) ?? "-" },
    Column(title: "next", expendability: 4) { $0.next.map(String.init) ?? "-" },
    Column(title: "end", expendability: 5) { $0.end.map(String.init) ?? "-" },
    Column(title: "moved", expendability: 3) { $0.sinceMovedSeconds.map { span($0) + " ago" } ?? "-" },
    Column(title: "state", expendability: 0) {
      if $0.parked != nil { return "PARKED" }
      guard $0.ledger != nil else { return "no worker yet" }
      guard let lag = $0.lag else { return "-" }
      return lag == 0 ? "read to its end" : "behind"
    },
  ]

  private func table(_ report: WatchReport) -> [Line] {
    var columns = Self.columns
    func texts() -> [String] {
      TextTable(columns.map(\.title), leading: 1, last: .text).lines(
        report.partitions.map { partition in columns.map { $0.value(partition) } })
    }
    var table = texts()
    while table.contains(where: { $0.count > self.columns }),
      let worst = columns.max(by: { $0.expendability < $1.expendability }), worst.expendability > 0
    {
      columns.removeAll { $0.title == worst.title }
      table = texts()
    }
    var lines = [Line(text: table[0], style: .dim)]
    for (partition, text) in zip(report.partitions, table.dropFirst()) {
      let style: Style = partition.parked != nil ? .red : (partition.lagSeconds ?? 0) >= 60 ? .yellow : .plain
      lines.append(Line(text: text, style: style))
      if let parked = partition.parked { lines.append(Line(text: "  \(parked)", style: .red, isNote: true)) }
    }
    return lines
  }

  // MARK: Text

  private func painted(_ text: String, _ style: Style) -> String {
    let cut = text.count > columns ? text.prefix(columns - 1) + "…" : text
    return hasColour && style != .plain ? "\u{1b}[\(style.rawValue)m\(cut)\u{1b}[0m" : String(cut)
  }

  private static func rate(_ value: Double) -> String { value < 10 ? decimal(value) : "\(Int(value.rounded()))" }

  /// `12 ms`, `1.5 s`.
  private static func brief(_ seconds: Double) -> String {
    seconds < 1 ? "\(Int((seconds * 1000).rounded())) ms" : "\(decimal(seconds)) s"
  }

  /// `0.4s`, `31s`, `5m02s`, `2h07m`, `3d04h`.
  package static func span(_ seconds: Double) -> String {
    guard seconds >= 0.05 else { return "0s" }
    guard seconds >= 10 else { return decimal(seconds) + "s" }
    let whole = Int(min(seconds, 1e15))
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    switch whole {
    case ..<60: return "\(whole)s"
    case ..<3600: return "\(whole / 60)m\(two(whole % 60))s"
    case ..<86_400: return "\(whole / 3600)h\(two(whole % 3600 / 60))m"
    default: return "\(whole / 86_400)d\(two(whole % 86_400 / 3600))h"
    }
  }

  /// One decimal.
  private static func decimal(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}
