import Foundation

/// The result, as a Markdown table for documentation or as JSON for programs.
struct BenchmarkReport: Encodable {
  /// Milliseconds a frame.
  struct Stage: Encodable {
    let name: String
    let median: Double
    let p10: Double
    let p90: Double
    /// Of all threads of the process, also while they wait for each other.
    let processorMedian: Double
    let runs: Int

    init(name: String, timings: Timings) {
      self.name = name
      median = Timings.quantile(timings.wall, 0.5)
      p10 = Timings.quantile(timings.wall, 0.1)
      p90 = Timings.quantile(timings.wall, 0.9)
      processorMedian = Timings.quantile(timings.processor, 0.5)
      runs = timings.wall.count
    }
  }

  struct Configuration: Encodable {
    let streams: Int
    /// OpenMP threads of each stream.
    let threads: Int
    let stages: [Stage]
  }

  let machine: MachineDescription
  let runs: Int
  let seed: UInt64
  /// One stream of one thread, one of two, two of one.
  let configurations: [Configuration]

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  func markdown() -> String {
    var lines = [
      machine.line, "",
      "Milliseconds a frame, median (p10–p90) of \(runs) runs; rendered faces (synthetic), untrained networks at full size.",
      "",
    ]
    let titles = configurations.map {
      $0.streams > 1
        ? "\($0.streams) streams of \($0.threads) thread" : "\($0.threads) thread\($0.threads > 1 ? "s" : "")"
    }
    lines.append("| stage | " + titles.map { "\($0): wall | processor" }.joined(separator: " | ") + " |")
    lines.append("|---|" + String(repeating: "---:|---:|", count: titles.count))
    for name in configurations.first?.stages.map(\.name) ?? [] {
      let cells = configurations.map { configuration -> String in
        guard let stage = configuration.stages.first(where: { $0.name == name }) else { return " | " }
        return String(
          format: "%.*f (%.*f–%.*f) | %.*f", digits(stage.median), stage.median, digits(stage.median), stage.p10,
          digits(stage.median), stage.p90, digits(stage.processorMedian), stage.processorMedian)
      }
      lines.append("| \(name) | " + cells.joined(separator: " | ") + " |")
    }
    return lines.joined(separator: "\n")
  }

  /// Decimals worth printing.
  private func digits(_ value: Double) -> Int32 { value < 1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0 }
}
