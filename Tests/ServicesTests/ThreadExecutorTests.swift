import Dispatch
import Foundation
import Services
import Synchronization
import Testing

/// An actor whose methods block, like a wrapper of a C library.
private actor Blocker {
  nonisolated let executor: ThreadExecutor
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
  private var log: [Int] = []

  init(name: String) { executor = ThreadExecutor(name: name) }

  func threadName() -> String {
    (try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8))?.filter { $0 != "\n" } ?? ""
  }

  func threadPath() -> String {
    "/proc/\((try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")) ?? "self")"
  }

  func isOnItsThread() -> Bool { executor.isCurrentThread }
  func append(_ value: Int) { log.append(value) }
  func values() -> [Int] { log }
  func wait(for semaphore: DispatchSemaphore) { semaphore.wait() }
}

/// A blocker that tells when it is gone.
private actor Mortal {
  nonisolated let executor = ThreadExecutor(name: "mortal")
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
  let onDeath: @Sendable () -> Void

  init(onDeath: @escaping @Sendable () -> Void) { self.onDeath = onDeath }
  deinit { onDeath() }
  func work() {}
}

@Suite struct ThreadExecutorTests {
  @Test func runsActorsOnItsNamedThread() async {
    let blocker = Blocker(name: "a-name-longer-than-fifteen")
    #expect(await blocker.threadName() == "a-name-longer-t")
    #expect(await blocker.isOnItsThread())
    #expect(!blocker.executor.isCurrentThread)
  }

  @Test func manyBlockedActorsLeaveTheCooperativePoolAlone() async {
    let gate = DispatchSemaphore(value: 0)
    let blockers = (0..<16).map { Blocker(name: "blocked-\($0)") }
    await withTaskGroup(of: Void.self) { group in
      for blocker in blockers { group.addTask { await blocker.wait(for: gate) } }
      // With the pool's two threads blocked this would never run.
      await Task { for _ in blockers { gate.signal() } }.value
      await group.waitForAll()
    }
  }

  @Test func keepsTheOrderOfPlainClosures() async {
    let executor = ThreadExecutor(name: "order")
    let box = Box()
    for index in 0..<1000 { executor.submit { box.append(index) } }
    let count = await executor.run { box.values.count }
    #expect(count == 1000)
    #expect(box.values == Array(0..<1000))
  }

  @Test func passesTypedErrors() async {
    struct Refused: Error, Equatable {}
    let executor = ThreadExecutor(name: "errors")
    await #expect(throws: Refused()) { try await executor.run { () throws(Refused) -> Int in throw Refused() } }
  }

  @Test func runsWhatWasSubmittedBeforeItsRelease() async {
    await withCheckedContinuation { continuation in
      ThreadExecutor(name: "short-lived").submit { continuation.resume() }
    }
  }

  @Test func mayBeReleasedOnItsOwnThread() async {
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      let executor = ThreadExecutor(name: "own-thread")
      // The closure holds the last reference, so the executor ends on its own thread.
      executor.submit { [executor] in
        _ = executor.isCurrentThread
        continuation.resume()
      }
    }
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      Task { await Mortal { continuation.resume() }.work() }
    }
  }

  @Test func itsThreadEndsWithIt() async throws {
    let task = await ThreadExecutor(name: "ending").run {
      try! FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
    }
    var remaining = 500
    while FileManager.default.fileExists(atPath: "/proc/\(task)"), remaining > 0 {
      try await Task.sleep(for: .milliseconds(10))
      remaining -= 1
    }
    #expect(remaining > 0)
  }

  @Test func itsThreadEndsWithTheActorThatRanOnIt() async throws {
    func use() async -> String {
      let blocker = Blocker(name: "ending")
      // Jobs of the actor hold the executor while they run, and not a moment longer.
      for value in 0..<10 { await blocker.append(value) }
      return await blocker.threadPath()
    }
    let task = await use()
    var remaining = 500
    while FileManager.default.fileExists(atPath: task), remaining > 0 {
      try await Task.sleep(for: .milliseconds(10))
      remaining -= 1
    }
    #expect(remaining > 0)
  }

  @Test func blocksSignalsOnItsThread() async throws {
    let status = await ThreadExecutor(name: "masked").run {
      (try? String(contentsOfFile: "/proc/thread-self/status", encoding: .utf8)) ?? ""
    }
    let mask = status.split(separator: "\n").first { $0.hasPrefix("SigBlk:") }?.split(separator: "\t").last
    let bits = try #require(mask.flatMap { UInt64($0, radix: 16) })
    #expect(bits & (1 << UInt64(SIGTERM - 1)) != 0)
    #expect(bits & (1 << UInt64(SIGINT - 1)) != 0)
  }
}

/// A list shared between threads.
private final class Box: Sendable {
  private let stored = Mutex<[Int]>([])
  func append(_ value: Int) { stored.withLock { $0.append(value) } }
  var values: [Int] { stored.withLock { $0 } }
}
