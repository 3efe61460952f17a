/// What the command line asks for.
struct BenchmarkOptions {
  static let usage = "usage: RecognitionBenchmark [--runs N] [--seed N] [--json]\n"

  /// Frames measured in each configuration.
  private(set) var runs = 30
  private(set) var seed: UInt64 = 2024
  private(set) var isJSON = false

  /// Nil for anything it does not know.
  init?(_ arguments: some Sequence<String>) {
    var rest = Array(arguments)[...]
    while let argument = rest.popFirst() {
      switch argument {
      case "--json": isJSON = true
      case "--runs":
        guard let value = rest.popFirst().flatMap({ Int($0) }), (4...100_000).contains(value) else { return nil }
        runs = value
      case "--seed":
        guard let value = rest.popFirst().flatMap({ UInt64($0) }) else { return nil }
        seed = value
      default: return nil
      }
    }
  }
}
