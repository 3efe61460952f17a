/// A long-lived part of the program. Nothing starts in an initializer: all work happens inside `run`.
///
/// `run` returns when it is done, or soon after graceful shutdown is asked for (see `gracefulShutdown()`); it throws
/// when it cannot go on. Cancellation means: stop now.
package protocol Service: Sendable {
  func run() async throws
}
