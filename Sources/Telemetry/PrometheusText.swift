/// Prometheus's text format 0.0.4: `# HELP`, `# TYPE`, one line a series, histograms as cumulative `le` buckets.
enum PrometheusText {
  static func render(_ families: [String: MetricsRegistry.Family]) -> String {
    var text = ""
    for (name, family) in families.sorted(by: { $0.key < $1.key }) {
      text += "# HELP \(name) \(escaped(family.help, quotes: false))\n"
      text += "# TYPE \(name) \(family.kind)\n"
      for (values, series) in family.series.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
        let labels = Array(zip(family.labelNames, values))
        switch series {
        case .counter(let counter): text += line(name, labels, number(counter.value))
        case .gauge(let gauge): text += line(name, labels, number(gauge.value))
        case .histogram(let histogram): text += lines(name, labels, histogram)
        case .read(_, let read): text += read().map { line(name, labels, number($0)) } ?? ""
        }
      }
    }
    return text
  }

  private static func lines(_ name: String, _ labels: [(String, String)], _ histogram: Histogram) -> String {
    let state = histogram.snapshot
    var text = ""
    var cumulative: UInt64 = 0
    for (bound, count) in zip(histogram.buckets + [.infinity], state.counts) {
      cumulative += count
      text += line("\(name)_bucket", labels + [("le", number(bound))], "\(cumulative)")
    }
    return text + line("\(name)_sum", labels, number(state.sum)) + line("\(name)_count", labels, "\(cumulative)")
  }

  private static func line(_ name: String, _ labels: [(String, String)], _ value: String) -> String {
    let list = labels.map { "\($0.0)=\"\(escaped($0.1, quotes: true))\"" }.joined(separator: ",")
    return list.isEmpty ? "\(name) \(value)\n" : "\(name){\(list)} \(value)\n"
  }

  /// Whole numbers without a fraction, the others as Swift prints them; infinities and NaN as the format spells them.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    if let whole = Int64(exactly: value) { return "\(whole)" }
    return "\(value)"
  }

  private static func escaped(_ text: String, quotes: Bool) -> String {
    var result = ""
    for character in text.unicodeScalars {
      switch character {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\"" where quotes: result += "\\\""
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }
}
