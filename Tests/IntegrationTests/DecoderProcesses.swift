import Foundation
import TestSupport

/// The decoder processes of a worker, seen from outside, as an operator or the kernel sees them.
struct DecoderProcesses {
  /// The worker's.
  let parent: Int32

  /// Those of this test process.
  static var own: DecoderProcesses { DecoderProcesses(parent: getpid()) }

  /// Their ids; of those that died and were not reaped as well.
  var ids: [Int32] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return all.compactMap { Int32($0) }.filter { Self.parent(of: $0) == parent && Self.isDecoder($0) }
  }

  /// By the name it gives itself, which a dead one keeps.
  static func isDecoder(_ pid: Int32) -> Bool { text(pid, "stat")?.contains("(decoder)") == true }

  /// Behind the name: state, parent, …
  private static func fields(_ pid: Int32) -> [Substring]? {
    text(pid, "stat").flatMap { $0.split(separator: ") ").last?.split(separator: " ") }
  }

  private static func parent(of pid: Int32) -> Int32? {
    fields(pid).flatMap { $0.count > 1 ? Int32($0[1]) : nil }
  }

  /// Running for the system, so that one that is killed but not reaped counts.
  static func exists(_ pid: Int32) -> Bool { kill(pid, 0) == 0 && isDecoder(pid) }

  /// Not dead: whoever inherits an orphan need not reap it.
  static func isAlive(_ pid: Int32) -> Bool { exists(pid) && fields(pid)?.first != "Z" }

  /// Processor time taken so far, in hundredths of a second.
  static func ticks(_ pid: Int32) -> Int { fields(pid).flatMap { $0.count > 12 ? Int($0[11]) : nil } ?? 0 }

  static func text(_ pid: Int32, _ file: String) -> String? {
    try? String(contentsOfFile: "/proc/\(pid)/\(file)", encoding: .utf8)
  }

  /// Waits for something to be so.
  static func wait(
    _ limit: Duration = .seconds(20), until condition: () throws -> Bool
  ) async rethrows -> Bool {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
      if try condition() { return true }
      try? await Task.sleep(for: .milliseconds(5))
    }
    return try condition()
  }

  /// Waits until one of them, confined and so past its start, takes three hundredths of a second of processor time: it
  /// holds a costly frame.
  func waitForWork(within limit: Duration = .seconds(60)) async -> Int32? {
    var before: [Int32: Int] = [:]
    var found: Int32?
    _ = await Self.wait(limit) {
      for id in ids where Self.text(id, "status")?.contains("Seccomp:\t2") == true {
        let ticks = Self.ticks(id)
        if ticks >= before[id, default: ticks] + 3 { found = id }
        before[id] = before[id] ?? ticks
      }
      return found != nil
    }
    return found
  }

  /// Runs a body, and stops whichever decoder is at a costly frame meanwhile, so that it hangs however fast the machine
  /// is.
  func hangingAtCostlyFrames<Value>(_ body: () async throws -> Value) async rethrows -> Value {
    let stopper = Task {
      while !Task.isCancelled {
        if let id = await waitForWork(within: .milliseconds(300)) { kill(id, SIGSTOP) }
      }
    }
    defer { stopper.cancel() }
    return try await body()
  }
}
