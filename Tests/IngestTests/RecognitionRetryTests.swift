import Ingest
import LearningEvents
import Recognition
import Synchronization
import Telemetry
import Testing

@Suite struct RecognitionRetryTests {
  /// Fails a number of times before it answers.
  private final class Recognizer: FrameRecognizing {
    let modelID: ModelID = "stub"
    private let failures: Int
    private let error: any Error
    private let tried = Mutex(0)

    init(failures: Int, _ error: any Error = RecognitionError(.unavailable, "no memory")) {
      (self.failures, self.error) = (failures, error)
    }

    var attempts: Int { tried.withLock { $0 } }

    func sizeProblem(of picture: UnsafeRawBufferPointer) -> String? { nil }

    func recognize(_ requests: [RecognitionRequest]) async throws -> [RecognitionOutcome] {
      let attempt = tried.withLock { count in
        count += 1
        return count
      }
      if attempt <= failures { throw error }
      return requests.map { _ in .sample(.noFace) }
    }
  }

  private let requests = [RecognitionRequest(bytes: [1]), RecognitionRequest(bytes: [2])]

  @Test func whatTheProcessLackedIsTriedAgainUntilItIsThere() async throws {
    let recognizer = Recognizer(failures: 2)
    let outcomes = try await recognizer.recognize(requests, until: StopFlag(), logger: .silent)
    #expect(outcomes?.count == 2 && recognizer.attempts == 3)
  }

  @Test func stoppingEndsTheTries() async throws {
    let stop = StopFlag()
    let recognizer = Recognizer(failures: .max)
    let task = Task { [requests] in try await recognizer.recognize(requests, until: stop, logger: .silent) }
    while recognizer.attempts < 2 { await Task.yield() }
    stop.raise()
    #expect(try await task.value == nil)
  }

  /// A frame that was looked at and is not stored is looked at again by the partition's next owner.
  @Test func nothingIsLookedAtOnceTheFlagIsRaised() async throws {
    let stop = StopFlag()
    stop.raise()
    let recognizer = Recognizer(failures: 0)
    #expect(try await recognizer.recognize(requests, until: stop, logger: .silent) == nil)
    #expect(recognizer.attempts == 0)
  }

  @Test func otherFailuresAreTheCallers() async throws {
    let recognizer = Recognizer(failures: 1, RecognitionError(.wrongShape, "one number"))
    await #expect(throws: RecognitionError.self) {
      try await recognizer.recognize(requests, until: StopFlag(), logger: .silent)
    }
    #expect(recognizer.attempts == 1)
  }
}
