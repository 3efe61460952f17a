import Ingest
import KafkaIO
import Services
import Testing

@Suite struct StopFlagTests {
  @Test func raisingWakesEveryoneWhoWaits() async {
    let flag = StopFlag()
    await withTaskGroup { group in
      for _ in 0..<5 { group.addTask { await flag.wait() } }
      group.addTask { flag.raise() }
    }
    #expect(flag.isRaised)
  }

  @Test func aSleepEndsWhenTheFlagIsRaised() async {
    let flag = StopFlag()
    let start = ContinuousClock.now
    let sleeper = Task { try await flag.sleep(for: .seconds(3600)) }
    flag.raise()
    await #expect(throws: StopRequested.self) { try await sleeper.value }
    #expect(start.duration(to: .now) < .seconds(1800))
  }

  @Test func aSleepEndsByItself() async throws {
    try await StopFlag().sleep(for: .milliseconds(1))
  }

  @Test func aRaisedFlagLetsNobodySleep() async {
    let flag = StopFlag()
    flag.raise()
    await flag.wait()
    await #expect(throws: StopRequested.self) { try await flag.sleep(for: .seconds(60)) }
  }

  @Test func workIsCancelledWhenTheFlagIsRaised() async throws {
    let flag = StopFlag()
    let working = Task {
      try await flag.cancelling {
        try await Task.sleep(for: .seconds(60))
        return 1
      }
    }
    flag.raise()
    #expect(try await working.value == nil)
    // Raised already: the work sees its cancellation at once.
    let late = try await flag.cancelling { () -> Int in
      try Task.checkCancellation()
      return 2
    }
    #expect(late == nil)
  }

  @Test func workThatNothingInterruptsIsLeftToItselfWhenTheFlagIsRaised() async throws {
    let flag = StopFlag()
    #expect(try await flag.abandoning { 3 } == 3)
    await #expect(throws: KafkaError.self) {
      try await flag.abandoning { throw KafkaError(.timedOut, while: "asking") }
    }
    let (ends, end) = AsyncStream<Void>.makeStream()
    let (begun, begin) = AsyncStream<Void>.makeStream()
    let working = Task {
      try await flag.abandoning {
        begin.finish()
        for await _ in ends {}
      }
    }
    for await _ in begun {}
    flag.raise()
    await #expect(throws: StopRequested.self) { try await working.value }
    end.finish()
    await #expect(throws: StopRequested.self) { try await flag.abandoning { 4 } }
  }

  @Test func workThatHadBegunMayFinishInTime() async throws {
    let flag = StopFlag()
    let (begun, begin) = AsyncStream<Void>.makeStream()
    let quick = Task {
      try await flag.cancelling(after: .seconds(60)) {
        begin.yield()
        try await Task.sleep(for: .milliseconds(20))
        return 1
      }
    }
    var beginnings = begun.makeAsyncIterator()
    await beginnings.next()
    flag.raise()
    #expect(try await quick.value == 1)
    // Raised already: nothing is begun.
    let late = try await flag.cancelling(after: .seconds(60)) { () -> Int in
      try await Task.sleep(for: .seconds(30))
      return 2
    }
    #expect(late == nil)
  }

  @Test func workThatTakesTooLongIsCancelledAfterAll() async throws {
    let flag = StopFlag()
    let (begun, begin) = AsyncStream<Void>.makeStream()
    let slow = Task {
      try await flag.cancelling(after: .milliseconds(10)) { () -> Int in
        begin.yield()
        try await Task.sleep(for: .seconds(60))
        return 1
      }
    }
    var beginnings = begun.makeAsyncIterator()
    await beginnings.next()
    flag.raise()
    #expect(try await slow.value == nil)
  }

  /// Runs work as a service's, and does something to it once it has begun.
  private func serve(
    then act: @Sendable (GracefulShutdown, Task<Void, any Error>) -> Void
  ) async throws {
    let shutdown = GracefulShutdown()
    let (begun, begin) = AsyncStream<Void>.makeStream()
    let service = GracefulShutdown.$current.withValue(shutdown) {
      Task {
        try await StopFlag.raisedByShutdown { stop in
          begin.yield()
          try await stop.sleep(for: .seconds(600))
        }
      }
    }
    var beginnings = begun.makeAsyncIterator()
    await beginnings.next()
    act(shutdown, service)
    try await service.value
  }

  @Test(.timeLimit(.minutes(1))) func gracefulShutdownAndCancellationEndAServicesWork() async throws {
    try await serve { shutdown, _ in shutdown.trigger() }
    try await serve { _, service in service.cancel() }
  }

  @Test func aServicesOwnErrorIsKept() async {
    await #expect(throws: Failure.self) {
      try await StopFlag.raisedByShutdown { _ in throw Failure() }
    }
  }

  private struct Failure: Error {}

  @Test func workThatEndsFirstKeepsItsResultAndItsError() async throws {
    let flag = StopFlag()
    #expect(try await flag.cancelling { 3 } == 3)
    await #expect(throws: CancellationError.self) {
      try await flag.cancelling { () -> Int in throw CancellationError() }
    }
  }
}
