import Foundation
import LogCapturing
import Services
import Synchronization
import Telemetry
import Testing

/// What happened, in order.
private final class Journal: Sendable {
  private let lines = Mutex<[String]>([])
  func write(_ line: String) { lines.withLock { $0.append(line) } }
  var all: [String] { lines.withLock { $0 } }
}

/// A service that waits for its end, and tells when it began and ended.
private struct Waiting: Service {
  let name: String
  let journal: Journal
  var onStart: @Sendable () -> Void = {}

  func run() async throws {
    onStart()
    await gracefulShutdown()
    journal.write(Task.isCancelled ? "\(name) cancelled" : "\(name) ended")
  }
}

private struct Failing: Service {
  struct Failure: Error, Equatable {}
  func run() async throws { throw Failure() }
}

private struct Returning: Service {
  func run() async throws {}
}

/// Ends only when cancelled.
private struct Stubborn: Service {
  func run() async throws { try await Task.sleep(for: .seconds(600)) }
}

/// Ends not even when cancelled, until it is let go.
private struct Deaf: Service {
  let release: AsyncStream<Void>
  func run() async throws {
    let release = release
    await Task.detached { for await _ in release {} }.value
  }
}

@Suite struct ServiceGroupTests {
  private func group(
    _ services: [any Service], deadline: Duration? = .seconds(60), signals: [Int32] = [],
    sink: any LogSink = SilentLogSink()
  ) -> ServiceGroup {
    ServiceGroup(
      services: services, gracefulShutdownSignals: signals, shutdownDeadline: deadline,
      logger: Logger(label: "test", level: .trace, sink: sink))
  }

  /// As inside a service of another group, which has the deadline.
  @Test(.timeLimit(.minutes(1))) func withoutADeadlineItWaitsUntilItIsCancelled() async throws {
    let sink = CapturingLogSink()
    let group = group([Stubborn()], deadline: nil, sink: sink)
    let task = Task { try await group.run() }
    group.triggerGracefulShutdown()
    while !sink.messages.contains("shutdown was asked for") { await Task.yield() }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func stopsInReverseOrder() async throws {
    let journal = Journal()
    let (started, start) = AsyncStream<Void>.makeStream()
    let services = ["a", "b", "c"].map { Waiting(name: $0, journal: journal) { start.yield() } }
    let group = group(services)
    async let end: Void = group.run()
    var starts = started.makeAsyncIterator()
    for _ in services { await starts.next() }
    group.triggerGracefulShutdown()
    try await end
    #expect(journal.all == ["c ended", "b ended", "a ended"])
  }

  @Test func endsAtOnceWhenTriggeredBefore() async throws {
    let journal = Journal()
    let group = group([Waiting(name: "a", journal: journal)])
    group.triggerGracefulShutdown()
    try await group.run()
    #expect(journal.all == ["a ended"])
  }

  @Test func nothingToRunEnds() async throws { try await group([]).run() }

  @Test func aFailureEndsTheOthersAndIsThrown() async {
    let journal = Journal()
    let sink = CapturingLogSink()
    await #expect(throws: Failing.Failure()) {
      try await group([Waiting(name: "a", journal: journal), Failing()], sink: sink).run()
    }
    #expect(journal.all == ["a ended"])
    #expect(sink.entries.contains { $0.level == .error && $0["service"] == "Failing" })
  }

  @Test func aReturnEndsTheOthers() async throws {
    let journal = Journal()
    try await group([Waiting(name: "a", journal: journal), Returning()]).run()
    #expect(journal.all == ["a ended"])
  }

  @Test func theDeadlineCancels() async {
    let journal = Journal()
    let group = group([Waiting(name: "a", journal: journal), Stubborn()], deadline: .milliseconds(20))
    group.triggerGracefulShutdown()
    await #expect(throws: ServiceGroupError.deadlineExceeded(services: ["Waiting", "Stubborn"])) {
      try await group.run()
    }
    #expect(journal.all == ["a cancelled"])
  }

  @Test func whoIgnoresCancellationIsLeftBehind() async {
    let (release, continuation) = AsyncStream<Void>.makeStream()
    let group = group([Deaf(release: release)], deadline: .milliseconds(20))
    group.triggerGracefulShutdown()
    await #expect(throws: ServiceGroupError.leftBehind(services: ["Deaf"])) { try await group.run() }
    continuation.finish()
  }

  @Test func cancellationReachesTheServices() async {
    let journal = Journal()
    let (started, start) = AsyncStream<Void>.makeStream()
    let group = group([Waiting(name: "a", journal: journal) { start.yield() }])
    let task = Task { try await group.run() }
    for await _ in started { break }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(journal.all == ["a cancelled"])
  }

  @Test func signalsAskAndThenInsist() async {
    let journal = Journal()
    let (started, start) = AsyncStream<Void>.makeStream()
    let sink = CapturingLogSink()
    // A signal no test runner uses; the default action would end this process.
    let group = group(
      [Stubborn(), Waiting(name: "a", journal: journal) { start.yield() }], signals: [SIGUSR2], sink: sink)
    let task = Task { try await group.run() }
    for await _ in started { break }
    kill(getpid(), SIGUSR2)
    while !journal.all.contains("a ended") { await Task.yield() }
    kill(getpid(), SIGUSR2)
    await #expect(throws: Never.self) { try await task.value }
    #expect(sink.messages.contains("a signal asks for shutdown"))
    #expect(sink.messages.contains("a second signal: cancelling what still runs"))
  }

  /// Whether a signal does what it does by default.
  private func isDefault(_ signal: Int32) -> Bool {
    var action = sigaction()
    return sigaction(signal, nil, &action) == 0 && action.__sigaction_handler.sa_handler == nil
  }

  /// What comes behind the last group, such as printing to a reader that stands still, can be interrupted.
  @Test func aSignalDoesWhatItDidBeforeOnceNobodyWantsIt() async throws {
    let journal = Journal()
    let (started, start) = AsyncStream<Void>.makeStream()
    var starts = started.makeAsyncIterator()
    let groups = ["a", "b"].map { name in
      group([Waiting(name: name, journal: journal) { start.yield() }], signals: [SIGUSR1])
    }
    #expect(isDefault(SIGUSR1))
    async let first: Void = groups[0].run()
    await starts.next()
    async let second: Void = groups[1].run()
    await starts.next()
    #expect(!isDefault(SIGUSR1))
    groups[0].triggerGracefulShutdown()
    try await first
    #expect(!isDefault(SIGUSR1))
    kill(getpid(), SIGUSR1)
    try await second
    #expect(journal.all == ["a ended", "b ended"] && isDefault(SIGUSR1))
  }
}
