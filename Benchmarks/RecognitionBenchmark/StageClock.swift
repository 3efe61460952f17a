/// The times of named stages, in the order in which they first ran.
struct StageClock {
  private var stages: [(name: String, timings: Timings)] = []

  /// What was measured.
  var results: [BenchmarkReport.Stage] { stages.map { BenchmarkReport.Stage(name: $0.name, timings: $0.timings) } }

  mutating func callAsFunction<Value>(_ name: String, _ body: () async throws -> Value) async rethrows -> Value {
    let index = stages.firstIndex { $0.name == name } ?? stages.endIndex
    if index == stages.endIndex { stages.append((name, Timings())) }
    return try await stages[index].timings.measure(body)
  }
}
