import Foundation
import LearningEvents

/// One worker beside a producer of a fixed rate.
struct BesideRun {
  struct Report: Encodable {
    let framesPerSecond: Int
    let seconds: Int
    /// Frames acknowledged or on their way and not in the ledger, each second.
    let lag: [Int]
    /// From the last frame's sending until the ledger had it.
    let secondsToTheEnd: Double
    /// Of the worker, each second.
    let residentMegabytes: [Double]

    var text: String {
      let lag = lag.sorted()
      let memory = residentMegabytes
      return String(
        format: "%d frames/s for %d s: lag median %d, at most %d frames; at the end after %.2f s; memory %.0f MB after "
          + "10 s, at most %.0f, %.0f at the end",
        framesPerSecond, seconds, lag[lag.count / 2], lag[lag.count - 1], secondsToTheEnd,
        memory[min(10, memory.count - 1)], memory.max() ?? 0, memory[memory.count - 1])
    }
  }

  let options: IngestBenchmarkOptions
  let topics: (TopicName, TopicName)
  let rate: Int

  func run() async throws -> Report {
    let database = try await BenchmarkDatabase.make(options)
    let worker = try await BenchmarkWorker.start(options, database: database.url, topics: topics)
    // It joins its group and claims; what it does for that is not measured.
    try await Task.sleep(for: .seconds(8))
    let source = try FrameSource(options, topic: topics.0)
    let clock = ContinuousClock()
    let start = clock.now
    var lag: [Int] = []
    var memory: [Double] = []
    for tick in 1...(options.seconds * 10) {
      try await source.send(rate / 10)
      try await clock.sleep(until: start + .milliseconds(100) * tick)
      guard tick % 10 == 0 else { continue }
      let sent = await source.sent
      lag.append(sent - (try await database.progress(topics.0)))
      memory.append(Double(worker.residentBytes) / 1e6)
    }
    let end = clock.now
    let sent = await source.sent
    while try await database.progress(topics.0) < sent {
      guard worker.residentBytes > 0 else { throw BenchmarkError.workerEnded }
      try await Task.sleep(for: .milliseconds(10))
    }
    let caughtUp = clock.now
    await worker.stop()
    let samples = try await database.samples()
    guard samples == sent else { throw BenchmarkError.wrongCount(samples: samples, frames: sent) }
    try await database.drop(options)
    return Report(
      framesPerSecond: Int(Double(sent) / (start.duration(to: end) / .seconds(1))), seconds: options.seconds,
      lag: lag, secondsToTheEnd: end.duration(to: caughtUp) / .seconds(1), residentMegabytes: memory)
  }
}
