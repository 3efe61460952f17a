import Foundation
import Processes
import TestSupport
import Testing

/// The expressions of `ops/prometheus/alerts.yml` and `ops/grafana/operations.json`, and what of metrics they name.
enum MonitoringFiles {
  static let folder = TestTools.root.appending(path: "ops")
  static let alerts = folder.appending(path: "prometheus/alerts.yml")
  static let alertTests = folder.appending(path: "prometheus/alerts.test.yml")
  static let dashboard = folder.appending(path: "grafana/operations.json")

  struct Dashboard: Decodable {
    struct Panel: Decodable {
      struct Target: Decodable { let refId, expr: String }
      struct Place: Decodable { let x, y, w, h: Int }
      let id: Int, type, title: String, gridPos: Place, targets: [Target]?
    }
    let uid, title: String, panels: [Panel]
  }

  /// A metric that an expression reads, with the names of the labels it is selected or grouped by.
  struct Use: Hashable {
    var metric: String
    var labels: Set<String>
  }

  static func text(_ file: URL) throws -> String { try String(contentsOf: file, encoding: .utf8) }

  static func panels() throws -> Dashboard {
    try JSONDecoder().decode(Dashboard.self, from: Data(try text(dashboard).utf8))
  }

  /// Alerts by name with their expressions. Reads what this file is written like: `expr:` on one line, or folded.
  static func alertExpressions() throws -> [(name: String, expression: String)] {
    var found: [(name: String, expression: String)] = []
    var (name, indent) = ("", Int?.none)
    for line in try text(alerts).split(separator: "\n") {
      let words = line.drop { $0 == " " }
      let depth = line.count - words.count
      if let open = indent {
        if depth > open {
          found[found.count - 1].expression += " " + words
          continue
        }
        indent = nil
      }
      if words.hasPrefix("- alert: ") { name = String(words.dropFirst(9)) }
      guard words.hasPrefix("expr: ") else { continue }
      let value = words.dropFirst(6)
      found.append((name, value == ">-" ? "" : String(value)))
      if value == ">-" { indent = depth }
    }
    return found
  }

  /// The dashboard's expressions, with Grafana's variables replaced as Grafana would.
  static func dashboardExpressions() throws -> [String] {
    try panels().panels.flatMap { $0.targets ?? [] }.map { $0.expr.replacing("$__rate_interval", with: "5m") }
  }

  /// The metrics of this project that an expression reads. A grouping counts for those that it groups.
  static func uses(in expression: String) -> [Use] {
    let groupings = expression.matches(of: #/\bby \(([^)]*)\) ?\(/#).map { match in
      (
        range: match.range.lowerBound..<expression.end(ofParenthesisAfter: match.range.upperBound),
        labels: names(in: match.output.1)
      )
    }
    return expression.matches(of: #/\b((?:lectern|process)_[a-z0-9_]+)(?:\{([^}]*)\})?/#).map { match in
      let selected = (match.output.2 ?? "").matches(of: #/([a-z_]+)\s*(?:=~|!~|!=|=)/#).map { String($0.output.1) }
      let grouped = groupings.filter { $0.range.contains(match.range.lowerBound) }.flatMap(\.labels)
      return Use(metric: String(match.output.1), labels: Set(selected + grouped))
    }
  }

  private static func names(in list: Substring) -> [String] {
    list.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
  }

  /// Labels that Prometheus adds to what it scrapes, and those of a histogram's buckets.
  static let addedLabels: Set<String> = ["job", "instance", "le"]

  /// What is wrong with the names of an expression.
  ///
  /// - Parameter metrics: the labels of each metric that is exposed, a histogram under its own name.
  static func problems(in expression: String, given metrics: [String: Set<String>]) -> [String] {
    uses(in: expression).compactMap { use in
      let base = use.metric.replacing(#/_(bucket|sum|count)$/#, with: "")
      guard let labels = metrics[use.metric] ?? metrics[base] else { return "no program exposes \(use.metric)" }
      let unknown = use.labels.subtracting(labels).subtracting(addedLabels)
      return unknown.isEmpty ? nil : "\(use.metric) has no label \(unknown.sorted())"
    }
  }

  /// Values of labels that an expression selects by, or leaves out, and that no series has.
  ///
  /// - Parameter series: the values of each label of each metric that is exposed.
  static func unknownValues(in expression: String, given series: [String: [String: Set<String>]]) -> [String] {
    expression.matches(of: #/\b((?:lectern|process)_[a-z0-9_]+)\{([^}]*)\}/#).flatMap { match in
      let metric = String(match.output.1).replacing(#/_(bucket|sum|count)$/#, with: "")
      let labels = series[String(match.output.1)] ?? series[metric] ?? [:]
      return match.output.2.matches(of: #/([a-z_]+)\s*!?="([^"]*)"/#).compactMap { selector in
        let (label, value) = (String(selector.output.1), String(selector.output.2))
        return labels[label]?.contains(value) == true ? nil : "no \(metric) has \(label)=\"\(value)\""
      }
    }
  }

  /// Runs promtool in a folder.
  static func promtool(_ arguments: [String]) async throws -> ProcessResult {
    let command = ChildCommand(try #require(TestTools.path(of: "promtool")), arguments)
    return try await ProcessLauncher().run(command, outputLimitBytes: 1 << 20, deadline: .seconds(300))
  }
}

extension String {
  /// Behind the parenthesis that was opened before `start`.
  func end(ofParenthesisAfter start: Index) -> Index {
    var depth = 1
    var index = start
    while index < endIndex, depth > 0 {
      if self[index] == "(" { depth += 1 }
      if self[index] == ")" { depth -= 1 }
      index = self.index(after: index)
    }
    return index
  }
}

/// Alerts and the dashboard are what Prometheus and Grafana read, and name what the programs expose.
@Suite struct MonitoringFilesTests {
  static let promtool: ConditionTrait = .enabled(
    if: TestTools.path(of: "promtool") != nil, "no promtool (ops/bootstrap-tests.sh installs it)")

  /// The labels of each metric in docs/metrics.md, which a test of its own compares with the sources.
  private static func documented() throws -> [String: Set<String>] {
    Dictionary(
      try MetricsDocumentationTests.documented().map { ($0.name, $0.labels) }, uniquingKeysWith: { first, _ in first })
  }

  @Test func everyNameOfAnAlertOrPanelIsAMetric() throws {
    let metrics = try Self.documented()
    let alerts = try MonitoringFiles.alertExpressions()
    let panels = try MonitoringFiles.dashboardExpressions()
    #expect(alerts.count >= 20 && panels.count >= 30 && metrics.count >= 40)
    for (name, expression) in alerts {
      for problem in MonitoringFiles.problems(in: expression, given: metrics) { Issue.record("\(name): \(problem)") }
    }
    for expression in panels {
      for problem in MonitoringFiles.problems(in: expression, given: metrics) {
        Issue.record("\(expression): \(problem)")
      }
    }
  }

  /// What the test above would say of a metric or a label that was renamed.
  @Test func aRenamedMetricOrLabelIsFound() {
    let metrics = ["lectern_a_total": Set(["code"]), "lectern_b_seconds": []]
    func problems(_ expression: String) -> [String] { MonitoringFiles.problems(in: expression, given: metrics) }
    #expect(problems(#"sum by (code, job) (rate(lectern_a_total{code="x"}[5m])) > 0"#).isEmpty)
    #expect(problems("histogram_quantile(0.5, sum by (le) (rate(lectern_b_seconds_bucket[5m])))").isEmpty)
    #expect(problems("sum by (code) (rate(lectern_a_total[5m])) / scalar(sum(lectern_b_seconds_count))").isEmpty)
    #expect(problems("lectern_a_count_total > 0") == ["no program exposes lectern_a_count_total"])
    #expect(problems(#"lectern_a_total{reason="x"}"#) == [#"lectern_a_total has no label ["reason"]"#])
    #expect(problems("sum by (reason) (lectern_a_total)") == [#"lectern_a_total has no label ["reason"]"#])
  }

  /// What the test of the programs would say of a label's value that was renamed.
  @Test func aRenamedValueIsFound() {
    let series = ["lectern_a_total": ["code": Set(["x", "y"])], "lectern_b_seconds": ["route": ["/"]]]
    func unknown(_ expression: String) -> [String] { MonitoringFiles.unknownValues(in: expression, given: series) }
    #expect(unknown(#"rate(lectern_a_total{code="x"}[5m]) / lectern_a_total{code!="y"}"#).isEmpty)
    #expect(unknown(#"lectern_b_seconds_bucket{route="/"}"#).isEmpty)
    #expect(unknown(#"lectern_a_total{code="z"}"#) == [#"no lectern_a_total has code="z""#])
    #expect(unknown(#"lectern_b_seconds_count{route!="/ready"}"#) == [#"no lectern_b_seconds has route="/ready""#])
  }

  /// What the operators' page says to watch has an alert or a panel.
  @Test func whatIsToBeWatchedIsWatched() throws {
    let page = try MonitoringFiles.text(TestTools.root.appending(path: "docs/operations.md"))
    let begin = try #require(page.firstRange(of: "\n## What to watch\n")).upperBound
    let section = page[begin...].prefix(upTo: page[begin...].firstRange(of: "\n## ")?.lowerBound ?? page.endIndex)
    let names = section.matches(of: #/(?m)^\| (`lectern_[^|]*)\|/#).flatMap { row in
      row.output.1.matches(of: #/`((?:lectern|process)_[a-z0-9_]+)/#).map { String($0.output.1) }
    }
    #expect(names.count >= 40)
    let expressions = try MonitoringFiles.alertExpressions().map(\.expression) + MonitoringFiles.dashboardExpressions()
    let watched = Set(expressions.flatMap(MonitoringFiles.uses).map(\.metric))
    for name in Set(names).sorted() {
      let series = [name, "\(name)_bucket", "\(name)_sum", "\(name)_count"]
      #expect(!watched.isDisjoint(with: series), "neither an alert nor a panel has \(name)")
    }
  }

  /// A counter that is above 0 when Prometheus first sees it, as after an outage, has no increase.
  @Test func whatIsWrongAlreadyAtTheFirstLookIsSaid() throws {
    let tests = try MonitoringFiles.text(MonitoringFiles.alertTests)
    let alerts = try MonitoringFiles.alertExpressions().filter { $0.expression.contains(#/\[1h\]\)\) > 0/#) }
    #expect(alerts.count >= 5)
    for (name, expression) in alerts {
      let counter = try #require(expression.firstMatch(of: #/increase\((.*?)\[1h\]\)/#), "\(name)").output.1
      let isNew = "(\(counter) unless last_over_time(\(counter)[1d] offset 1h)) > 0 or "
      #expect(expression.contains(isNew), "\(name): \(expression)")
      let series = try #require(expression.firstMatch(of: #/lectern_[a-z_]+/#)).output
      #expect(tests.contains(try Regex("series: '\(series)\\{.*values: '_x")), "\(name) is not tried so")
    }
    for expression in try MonitoringFiles.dashboardExpressions() {
      guard let sum = expression.firstMatch(of: #/increase\((.*?)\[(\w+)\]\)/#) else { continue }
      let (counter, time) = (sum.output.1, sum.output.2)
      let isNew = "\(counter) unless last_over_time(\(counter)[1d] offset \(time)) or increase("
      #expect(expression.contains(isNew), "\(expression)")
    }
  }

  /// What the operators' page names is there.
  @Test func theOperatorsPageNamesWhatThereIs() throws {
    let metrics = try Self.documented()
    let page = try MonitoringFiles.text(TestTools.root.appending(path: "docs/operations.md"))
    // Names of two words are the database's roles.
    let named = Set(
      page.matches(of: #/`((?:lectern|process)_[a-z0-9]+_[a-z0-9_]+)(?:\{[^`]*\})?`/#).map { String($0.output.1) }
    )
    .subtracting(["lectern_audit_owner"])
    #expect(named.count >= 20)
    for name in named.sorted() where metrics[name] == nil { Issue.record("docs/operations.md: no metric \(name)") }
    let alerts = Set(try MonitoringFiles.alertExpressions().map(\.name))
    for name in Set(page.matches(of: #/`(Lectern[A-Z][A-Za-z]+)`/#).map({ String($0.output.1) })).sorted()
    where !alerts.contains(name) { Issue.record("docs/operations.md: no alert \(name)") }
    for name in alerts.sorted() where !page.contains("`\(name)`") {
      Issue.record("docs/operations.md does not name the alert \(name)")
    }
  }

  @Test(promtool) func prometheusTakesTheAlerts() async throws {
    let result = try await MonitoringFiles.promtool(["check", "rules", MonitoringFiles.alerts.path])
    #expect(result.status == .exited(0), "\(result.outputText)\(result.errorText)")
  }

  /// Each alert is silent before its condition and fires with it, by promtool's own evaluation.
  @Test(promtool) func everyAlertFires() async throws {
    let tests = try MonitoringFiles.text(MonitoringFiles.alertTests)
    for (name, _) in try MonitoringFiles.alertExpressions() {
      #expect(tests.contains("alertname: \(name), exp_alerts: []"), "\(name) is never shown silent")
      #expect(tests.contains("alertname: \(name)\n        exp_alerts:\n          - exp_labels"), "\(name) never fires")
    }
    let result = try await MonitoringFiles.promtool(["test", "rules", MonitoringFiles.alertTests.path])
    #expect(result.status == .exited(0), "\(result.outputText)\(result.errorText)")
  }

  /// An alert whose metric was renamed in the rules alone does not fire any more, and that is a failure.
  @Test(promtool) func anAlertThatNoLongerFiresIsFound() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "lectern-alerts-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let broken = try MonitoringFiles.text(MonitoringFiles.alerts)
      .replacing("lectern_ingest_parked_partitions", with: "lectern_ingest_stuck_partitions")
    try Data(broken.utf8).write(to: folder.appending(path: "alerts.yml"))
    let tests = folder.appending(path: "alerts.test.yml")
    try FileManager.default.copyItem(at: MonitoringFiles.alertTests, to: tests)
    let result = try await MonitoringFiles.promtool(["test", "rules", tests.path])
    #expect(result.status == .exited(1))
    #expect((result.outputText + result.errorText).contains("LecternPartitionParked"))
  }

  @Test(promtool) func prometheusParsesEveryPanel() async throws {
    var rules = "groups:\n  - name: panels\n    rules:\n"
    for (number, expression) in try MonitoringFiles.dashboardExpressions().enumerated() {
      let quoted = expression.replacing("'", with: "''")
      rules += "      - record: panel:\(number)\n        expr: '\(quoted)'\n"
    }
    let file = FileManager.default.temporaryDirectory.appending(path: "lectern-panels-\(UUID().uuidString).yml")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(rules.utf8).write(to: file)
    let good = try await MonitoringFiles.promtool(["check", "rules", file.path])
    #expect(good.status == .exited(0), "\(good.outputText)\(good.errorText)")
    try Data((rules + "      - record: panel:wrong\n        expr: 'sum(rate(x[5m])'\n").utf8).write(to: file)
    #expect(try await MonitoringFiles.promtool(["check", "rules", file.path]).status != .exited(0))
  }

  @Test func panelsHaveTitlesAndPlacesOfTheirOwn() throws {
    let panels = try MonitoringFiles.panels().panels
    #expect(Set(panels.map(\.id)).count == panels.count)
    for panel in panels {
      #expect(!panel.title.isEmpty)
      #expect(panel.type == "row" || panel.targets?.isEmpty == false, "\(panel.title) shows nothing")
      #expect(panel.gridPos.x + panel.gridPos.w <= 24, "\(panel.title) is cut off")
      for other in panels where other.id > panel.id {
        let (a, b) = (panel.gridPos, other.gridPos)
        let apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y
        #expect(apart, "\(panel.title) covers \(other.title)")
      }
    }
  }
}
