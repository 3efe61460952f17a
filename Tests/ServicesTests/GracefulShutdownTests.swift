import Services
import Synchronization
import Testing

@Suite struct GracefulShutdownTests {
  @Test func wakesWhoeverWaits() async {
    let shutdown = GracefulShutdown()
    await GracefulShutdown.$current.withValue(shutdown) {
      let task = Task {
        await gracefulShutdown()
        return isShuttingDownGracefully
      }
      shutdown.trigger()
      #expect(await task.value)
    }
  }

  @Test func returnsWhenCancelled() async {
    let shutdown = GracefulShutdown()
    await GracefulShutdown.$current.withValue(shutdown) {
      let task = Task { await gracefulShutdown() }
      task.cancel()
      await task.value
      #expect(!isShuttingDownGracefully)
    }
  }

  @Test func callsEachHandlerOnceAndNeverAfterItsOperation() async {
    let shutdown = GracefulShutdown()
    let calls = Atomic(0)
    await GracefulShutdown.$current.withValue(shutdown) {
      await withGracefulShutdownHandler {
      } onGracefulShutdown: {
        calls.add(100, ordering: .relaxed)
      }
      await withGracefulShutdownHandler {
        shutdown.trigger()
        shutdown.trigger()
      } onGracefulShutdown: {
        calls.add(1, ordering: .relaxed)
      }
      // Already triggered: called at once.
      await withGracefulShutdownHandler {
      } onGracefulShutdown: {
        calls.add(10, ordering: .relaxed)
      }
    }
    #expect(calls.load(ordering: .relaxed) == 11)
  }

  @Test func cancelsAnOperation() async {
    let shutdown = GracefulShutdown()
    await GracefulShutdown.$current.withValue(shutdown) {
      shutdown.trigger()
      await #expect(throws: CancellationError.self) {
        try await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(600)) }
      }
    }
  }
}
