import Telemetry
import Testing

@Suite struct MetricsTests {
  @Test func rendersThePrometheusFormat() {
    let registry = MetricsRegistry()
    registry.counter("lectern_samples_total", help: "Samples stored.").increment(by: 3)
    registry.counter("lectern_rejects_total", help: "Back\\slash\nline.", labels: ["code": "bad \"x\"\\\n"]).increment()
    registry.gauge("lectern_ready", help: "Readiness.").set(0.5)
    let histogram = registry.histogram(
      "lectern_batch_seconds", help: "Times.", labels: ["part": "a"], buckets: [0.1, 1])
    for value in [0.05, 0.1, 0.5, 5] { histogram.observe(value) }
    #expect(
      registry.prometheusText() == #"""
        # HELP lectern_batch_seconds Times.
        # TYPE lectern_batch_seconds histogram
        lectern_batch_seconds_bucket{part="a",le="0.1"} 2
        lectern_batch_seconds_bucket{part="a",le="1"} 3
        lectern_batch_seconds_bucket{part="a",le="+Inf"} 4
        lectern_batch_seconds_sum{part="a"} 5.65
        lectern_batch_seconds_count{part="a"} 4
        # HELP lectern_ready Readiness.
        # TYPE lectern_ready gauge
        lectern_ready 0.5
        # HELP lectern_rejects_total Back\\slash\nline.
        # TYPE lectern_rejects_total counter
        lectern_rejects_total{code="bad \"x\"\\\n"} 1
        # HELP lectern_samples_total Samples stored.
        # TYPE lectern_samples_total counter
        lectern_samples_total 3

        """#)
  }

  @Test func sameNameAndLabelsGiveTheSameHandle() {
    let registry = MetricsRegistry()
    let first = registry.counter("a_total", help: "A.", labels: ["x": "1", "y": "2"])
    let second = registry.counter("a_total", help: "A.", labels: ["y": "2", "x": "1"])
    first.increment()
    second.increment(by: 0.5)
    #expect(first === second)
    #expect(first.value == 1.5)
  }

  @Test func tooManyLabelValuesShareOneSeries() {
    let registry = MetricsRegistry()
    for index in 0..<(MetricsRegistry.maximumSeries + 10) {
      registry.counter("a_total", help: "A.", labels: ["x": "\(index)"]).increment()
    }
    #expect(registry.counter("a_total", help: "A.", labels: ["x": "another"]).value == 10)
    #expect(registry.prometheusText().contains(#"a_total{x="overflow"} 10"#))
  }

  @Test func whatIsReadIsReadAtEachRendering() {
    let registry = MetricsRegistry()
    let reads = registry.counter("reads_total", help: "Reads.")
    registry.gauge("a_bytes", help: "A.", labels: ["part": "x"]) {
      reads.increment()
      return reads.value * 2
    }
    registry.counter("b_seconds_total", help: "B.") { 1.5 }
    registry.gauge("c_seconds", help: "C.") { nil }
    let (first, second) = (registry.prometheusText(), registry.prometheusText())
    #expect(first.contains("# TYPE a_bytes gauge\na_bytes{part=\"x\"} 2\n"))
    #expect(second.contains("a_bytes{part=\"x\"} 4\n"))
    #expect(second.contains("# TYPE b_seconds_total counter\nb_seconds_total 1.5\n"))
    #expect(!second.contains("\nc_seconds"))
  }

  @Test func aTotalAddsAllLabels() {
    let registry = MetricsRegistry()
    registry.counter("a_total", help: "A.", labels: ["code": "x"]).increment(by: 2)
    registry.counter("a_total", help: "A.", labels: ["code": "y"]).increment(by: 3)
    registry.gauge("b", help: "B.").set(9)
    #expect(registry.total("a_total") == 5)
    #expect(registry.total("b") == 0)
    #expect(registry.total("c_total") == 0)
  }

  @Test func countsFromManyTasks() async {
    let registry = MetricsRegistry()
    let counter = registry.counter("a_total", help: "A.")
    let histogram = registry.histogram("c_seconds", help: "C.")
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<1000 {
            counter.increment()
            histogram.observe(.milliseconds(3))
          }
        }
      }
    }
    #expect(counter.value == 8000)
    #expect(registry.prometheusText().contains("\nc_seconds_count 8000\n"))
  }

  @Test func notANumberIsIgnored() {
    let registry = MetricsRegistry()
    let histogram = registry.histogram("c", help: "C.")
    histogram.observe(.nan)
    #expect(registry.prometheusText().contains("c_count 0\n"))
    histogram.observe(.infinity)
    #expect(registry.prometheusText().contains("c_count 1\n"))
  }

  @Test func specialValuesAreSpelledAsTheFormatWants() {
    let registry = MetricsRegistry()
    registry.gauge("g", help: "G.", labels: ["v": "a"]).set(Double.nan)
    registry.gauge("g", help: "G.", labels: ["v": "b"]).set(-Double.infinity)
    #expect(registry.prometheusText().contains("g{v=\"a\"} NaN\ng{v=\"b\"} -Inf\n"))
  }

  @Test func anotherKindUnderTheSameNameTraps() async {
    await #expect(processExitsWith: .failure) {
      let registry = MetricsRegistry()
      _ = registry.counter("a_total", help: "A.")
      _ = registry.gauge("a_total", help: "A.")
    }
  }

  @Test func otherLabelNamesTrap() async {
    await #expect(processExitsWith: .failure) {
      let registry = MetricsRegistry()
      _ = registry.counter("a_total", help: "A.", labels: ["x": "1"])
      _ = registry.counter("a_total", help: "A.", labels: ["y": "1"])
    }
  }

  @Test func aCounterNeverGoesDown() async {
    await #expect(processExitsWith: .failure) {
      MetricsRegistry().counter("a_total", help: "A.").increment(by: -1)
    }
  }
}
