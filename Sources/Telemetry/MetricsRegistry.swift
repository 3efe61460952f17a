import Synchronization

/// All metrics of one process, rendered for Prometheus. Any thread; asking again for a name and labels gives the same
/// handle. Names are `lectern_<noun>_<unit>_total`, in base units, with few label values, never an id.
package final class MetricsRegistry: Sendable {
  /// The most label combinations one name may have; what exceeds it shares one series labelled `overflow`, so that an
  /// unexpected label value can never exhaust memory.
  package static let maximumSeries = 256

  enum Series: Sendable {
    case counter(Counter)
    case gauge(Gauge)
    case histogram(Histogram)
    /// Asked for when the metrics are rendered; left out where it answers nil.
    case read(kind: String, @Sendable () -> Double?)

    var kind: String {
      switch self {
      case .counter: "counter"
      case .gauge: "gauge"
      case .histogram: "histogram"
      case .read(let kind, _): kind
      }
    }
  }

  struct Family: Sendable {
    var help: String
    var kind: String
    var labelNames: [String]
    var buckets: [Double]
    /// By label values, in the order of `labelNames`.
    var series: [[String]: Series] = [:]
  }

  private let families = Mutex<[String: Family]>([:])

  package init() {}

  package func counter(_ name: String, help: String, labels: [String: String] = [:]) -> Counter {
    guard case .counter(let counter) = series(name, help: help, labels: labels, make: { .counter(Counter()) }) else {
      preconditionFailure("\(name) is registered as another kind of metric")
    }
    return counter
  }

  package func gauge(_ name: String, help: String, labels: [String: String] = [:]) -> Gauge {
    guard case .gauge(let gauge) = series(name, help: help, labels: labels, make: { .gauge(Gauge()) }) else {
      preconditionFailure("\(name) is registered as another kind of metric")
    }
    return gauge
  }

  /// A gauge that is read whenever the metrics are rendered, on the thread that asks for them; nil leaves it out. The
  /// first reader of a name and labels stays.
  package func gauge(
    _ name: String, help: String, labels: [String: String] = [:], reading read: @escaping @Sendable () -> Double?
  ) { _ = series(name, help: help, labels: labels) { .read(kind: "gauge", read) } }

  /// The same of a number that only grows, such as the processor time of this process.
  package func counter(
    _ name: String, help: String, labels: [String: String] = [:], reading read: @escaping @Sendable () -> Double?
  ) { _ = series(name, help: help, labels: labels) { .read(kind: "counter", read) } }

  /// What all counters of a name have counted together, whatever their labels; 0 where there is none.
  package func total(_ name: String) -> Double {
    let series = families.withLock { $0[name]?.series.values.map(\.self) ?? [] }
    return series.reduce(0) { sum, series in
      if case .counter(let counter) = series { sum + counter.value } else { sum }
    }
  }

  /// Bounds are inclusive, finite and ascending; the infinite one is added.
  package func histogram(
    _ name: String, help: String, labels: [String: String] = [:], buckets: [Double] = Histogram.secondsBuckets
  ) -> Histogram {
    precondition(buckets.allSatisfy(\.isFinite), "\(name): the infinite bucket is implied")
    precondition(zip(buckets, buckets.dropFirst()).allSatisfy(<), "\(name): buckets must ascend")
    precondition(labels["le"] == nil, "\(name): le is the bucket's own label")
    let made = series(name, help: help, labels: labels, buckets: buckets) { .histogram(Histogram(buckets: buckets)) }
    guard case .histogram(let histogram) = made else {
      preconditionFailure("\(name) is registered as another kind of metric")
    }
    return histogram
  }

  /// Everything in Prometheus's text format 0.0.4 (`text/plain; version=0.0.4`), names and series sorted.
  package func prometheusText() -> String {
    PrometheusText.render(families.withLock { $0 })
  }

  private func series(
    _ name: String, help: String, labels: [String: String], buckets: [Double] = [], make: () -> Series
  ) -> Series {
    precondition(Self.isName(name, colons: true), "\(name) is no metric name")
    let pairs = labels.sorted { $0.key < $1.key }
    return families.withLock { families in
      let names = pairs.map(\.key)
      var family: Family
      if let existing = families[name] {
        family = existing
      } else {
        precondition(
          names.allSatisfy { Self.isName($0, colons: false) && !$0.hasPrefix("__") }, "\(name): bad label name")
        family = Family(help: help, kind: make().kind, labelNames: names, buckets: buckets)
      }
      precondition(family.labelNames == names, "\(name) is registered with other label names")
      precondition(family.buckets == buckets, "\(name) is registered with other buckets or as another kind")
      var values = pairs.map(\.value)
      if family.series[values] == nil, family.series.count >= Self.maximumSeries {
        values = values.map { _ in "overflow" }
      }
      let found = family.series[values] ?? make()
      family.series[values] = found
      families[name] = family
      return found
    }
  }

  private static func isName(_ name: String, colons: Bool) -> Bool {
    name.first?.isNumber == false
      && name.allSatisfy { $0 == "_" || colons && $0 == ":" || $0.isASCII && ($0.isLetter || $0.isNumber) }
  }
}
