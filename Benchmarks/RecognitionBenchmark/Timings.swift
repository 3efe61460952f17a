import Foundation

/// Wall and processor milliseconds of repeated runs.
struct Timings {
  private(set) var wall: [Double] = []
  /// Of all threads of the process.
  private(set) var processor: [Double] = []
  private let framesPerRun: Double

  init(framesPerRun: Int = 1) { self.framesPerRun = Double(framesPerRun) }

  mutating func measure<Value>(_ body: () async throws -> Value) async rethrows -> Value {
    let (startWall, startProcessor) = (Self.seconds(CLOCK_MONOTONIC), Self.seconds(CLOCK_PROCESS_CPUTIME_ID))
    let value = try await body()
    wall.append((Self.seconds(CLOCK_MONOTONIC) - startWall) * 1000 / framesPerRun)
    processor.append((Self.seconds(CLOCK_PROCESS_CPUTIME_ID) - startProcessor) * 1000 / framesPerRun)
    return value
  }

  /// The value below which this share of the numbers lies.
  static func quantile(_ numbers: [Double], _ share: Double) -> Double {
    let sorted = numbers.sorted()
    guard let last = sorted.indices.last else { return .nan }
    return sorted[Int((Double(last) * share).rounded())]
  }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
