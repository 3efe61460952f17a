import Foundation
import LearningEvents

/// One worker, started on a full topic and an empty database, until the ledger has reached the end.
struct DrainRun {
  struct Report: Encodable {
    /// From the first look at the ledger that showed progress to its end: start and claims are left out.
    let framesPerSecond: Double
    /// From the worker's start.
    let seconds: Double
    /// Of the worker, per frame.
    let processorMicroseconds: Double
    let residentMegabytesAtMost: Double

    var text: String {
      String(
        format: "%.0f frames/s, %.1f s from its start, %.1f µs of the worker's processor time a frame, at most %.0f MB",
        framesPerSecond, seconds, processorMicroseconds, residentMegabytesAtMost)
    }
  }

  let options: IngestBenchmarkOptions
  let topics: (TopicName, TopicName)

  func run() async throws -> Report {
    let database = try await BenchmarkDatabase.make(options)
    let clock = ContinuousClock()
    let begun = clock.now
    let worker = try await BenchmarkWorker.start(options, database: database.url, topics: topics)
    var first: (at: ContinuousClock.Instant, count: Int)?
    var resident = 0
    var count = 0
    while count < options.frames {
      try await Task.sleep(for: .milliseconds(20))
      count = try await database.progress(topics.0)
      if count > 0, first == nil { first = (clock.now, count) }
      let bytes = worker.residentBytes
      guard bytes > 0 else { throw BenchmarkError.workerEnded }
      resident = max(resident, bytes)
    }
    let end = clock.now
    let processor = worker.processorSeconds
    await worker.stop()
    let samples = try await database.samples()
    guard samples == options.frames else { throw BenchmarkError.wrongCount(samples: samples, frames: options.frames) }
    try await database.drop(options)
    let start = first ?? (begun, 0)
    return Report(
      framesPerSecond: Double(options.frames - start.count) / (start.at.duration(to: end) / .seconds(1)),
      seconds: begun.duration(to: end) / .seconds(1),
      processorMicroseconds: processor / Double(options.frames) * 1e6,
      residentMegabytesAtMost: Double(resident) / 1e6)
  }
}
