import Foundation

/// Measures what the networks cost besides a frame: a training step by kind of work, and what a worker does before its
/// first frame.
///
///     NetworkBenchmark train [--network drsn18] [--batch 32] [--threads 1] [--steps 3] [--only fc]
///     NetworkBenchmark bundle FOLDER
///     NetworkBenchmark ready FOLDER [--streams 2] [--threads 1]
///
/// `bundle` writes a full-size model of random weights, which `ready` then loads in a process of its own, so that the
/// memory it reports is that of a worker.
@main
struct NetworkBenchmark {
  static func main() async throws {
    var arguments = CommandLine.arguments.dropFirst()
    guard let command = arguments.popFirst() else { return usage() }
    var options: [String: String] = [:]
    var plain: [String] = []
    while let argument = arguments.popFirst() {
      if argument.hasPrefix("--") { options[argument] = arguments.popFirst() } else { plain.append(argument) }
    }
    func number(_ name: String, _ value: Int) -> Int { max(1, options[name].flatMap { Int($0) } ?? value) }
    switch (command, plain.first) {
    case ("train", nil):
      try await TrainingMeasurement(
        name: options["--network"] ?? "drsn18", batch: number("--batch", 32), threads: number("--threads", 1),
        steps: number("--steps", 3), only: options["--only"]
      ).run()
    case ("bundle", let folder?): try ReadinessMeasurement.makeBundle(in: folder)
    case ("ready", let folder?):
      try await ReadinessMeasurement(streams: number("--streams", 2), threads: number("--threads", 1)).run(folder)
    default: usage()
    }
  }

  private static func usage() {
    print("usage: NetworkBenchmark train [--network NAME] [--batch N] [--threads N] [--steps N] [--only NODES]")
    print("       NetworkBenchmark bundle FOLDER")
    print("       NetworkBenchmark ready FOLDER [--streams N] [--threads N]")
  }

  /// Wall and processor seconds of `body`, the processor's those of all threads.
  static func measure<Value>(
    _ body: () async throws -> Value
  ) async rethrows -> (value: Value, wall: Double, processor: Double) {
    let (wall, processor) = (seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID))
    let value = try await body()
    return (value, seconds(CLOCK_MONOTONIC) - wall, seconds(CLOCK_PROCESS_CPUTIME_ID) - processor)
  }

  /// `VmRSS`, `VmHWM`, … of this process, in MB.
  static func memory(_ field: String) -> Double {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("\(field):") }
    return (line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Double($0) } ?? 0) * 1024 / 1e6
  }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

/// `text` padded to a column.
func padded(_ text: String, _ width: Int) -> String { text.padding(toLength: width, withPad: " ", startingAt: 0) }
