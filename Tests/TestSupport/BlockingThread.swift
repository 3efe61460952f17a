import Services

/// A thread of its own for the part of a test that blocks: a test never blocks one of the two cooperative threads.
///
///     let thread = BlockingThread()
///     let event = await thread.run { consumer.poll(timeout: .seconds(1)) }
package actor BlockingThread {
  private nonisolated let executor: ThreadExecutor
  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  package init(name: String = "test") { executor = ThreadExecutor(name: name) }

  /// Runs a closure on the thread; it stays in the test's task, so expectations count.
  package func run<Result: Sendable>(_ body: @Sendable () throws -> Result) rethrows -> Result { try body() }
}
