import Foundation
import Neural
import OneDNN
import Tensors
import Testing

/// The operating system's view of streams: how many threads there are, by name. Threads that OpenMP starts inherit the
/// name of the stream's own thread, so that tests beside this one do not disturb the count.
@Suite struct StreamThreadTests {
  static let network = Network.drsn18(width: .quarter).resized(height: 64, width: 64)

  /// How many threads of this process bear each name.
  static func threadCounts() throws -> [String: Int] {
    var counts: [String: Int] = [:]
    for task in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task") {
      // A thread may end between the listing and the look.
      guard let name = try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8) else { continue }
      counts[name.trimmingCharacters(in: .newlines), default: 0] += 1
    }
    return counts
  }

  /// The counts of the names, once they are `expected`, or after 10 s whatever they are: threads start and end on
  /// their own time.
  static func settledCounts(_ names: [String], expected: Int) async throws -> [Int] {
    let deadline = ContinuousClock.now + .seconds(10)
    while true {
      let counts = try threadCounts()
      let own = names.map { counts[$0, default: 0] }
      if own.allSatisfy({ $0 == expected }) || ContinuousClock.now > deadline { return own }
      try await Task.sleep(for: .milliseconds(2))
    }
  }

  @Test(arguments: [(streams: 1, threads: 1), (2, 1), (3, 2), (1, 4)])
  func `streams have the threads asked for, however many tasks run on them, and none afterwards`(
    streams count: Int, threads: Int
  ) async throws {
    let names = (0..<count).map { "count-\(count)-\(threads)-\($0)" }
    #expect(try await Self.settledCounts(names, expected: 0) == names.map { _ in 0 })
    let weights = Weights.seeded(for: Self.network, seed: 1, .varied)
    let prepared = try PreparedNetwork(Self.network, weights: weights)
    do {
      var streams: [ComputeStream] = []
      for name in names { streams.append(ComputeStream(name: name, threads: threads)) }
      // A stream is one thread until it computes.
      #expect(try await Self.settledCounts(names, expected: 1) == names.map { _ in 1 })
      try await withThrowingTaskGroup { group in
        for stream in streams {
          // Every kind of work a stream does, from several tasks on whatever threads those have.
          for batch in 1...3 {
            group.addTask {
              let compiled = try await stream.compile(prepared, batch: batch)
              let input = Tensor<Float>(repeating: 1, [batch, 3, 64, 64])
              for _ in 0..<4 { _ = try await stream.run(compiled, input) }
            }
          }
          group.addTask {
            let training = SessionBackend(Self.network, on: stream)
            let input = HashNormal(seed: 1, stream: "input").tensor([3, 3, 64, 64], deviation: 1)
            let pass = try await training.forward(input, weights: weights, scope: .all(of: Self.network))
            _ = try await training.backward(pass.output, through: pass)
          }
        }
        try await group.waitForAll()
      }
      // OpenMP keeps its threads between runs: all there, and not one more.
      let counts = try Self.threadCounts()
      #expect(names.map { counts[$0, default: 0] } == names.map { _ in threads })
      for stream in streams { #expect(await stream.openMPThreads() == threads) }
    }
    #expect(try await Self.settledCounts(names, expected: 0) == names.map { _ in 0 })
  }
}
