import CMicroHTTPD
import Synchronization

/// One request and its answer, from its first line to its last byte.
///
/// The library's thread fills in the request and later sends the answer; a task of ours makes the answer meanwhile.
/// The connection is suspended in between, so that no thread waits. Whoever answers first wins: the handler, its
/// deadline, or a server that is stopping.
///
/// `@unchecked` is not needed: the connection is a pointer that only names it. Suspending happens on the library's own
/// thread, inside its callback; resuming is allowed on any thread while suspended (microhttpd.h,
/// `MHD_resume_connection`), and the mutex sees to it that it happens exactly once.
final class HTTPExchange: Sendable {
  struct State: Sendable {
    var isBegun = false
    var bodyBytes = 0
    var isDispatched = false
    var isSuspended = false
    var response: HTTPResponse?
    var tasks: [Task<Void, Never>] = []
  }

  nonisolated(unsafe) private let connection: OpaquePointer
  /// The connection's socket, which is the library's.
  let socket: Int32
  /// How long the request's target was as the library first showed it.
  let targetBytes: Int
  private let state = Mutex(State())

  init(connection: OpaquePointer, socket: Int32, targetBytes: Int) {
    (self.connection, self.socket, self.targetBytes) = (connection, socket, targetBytes)
  }

  /// True the first time: the headers are there.
  func begin() -> Bool {
    state.withLock { state in
      defer { state.isBegun = true }
      return !state.isBegun
    }
  }

  /// Counts a part of the body, which nothing reads.
  func take(bodyBytes: Int) { state.withLock { $0.bodyBytes += bodyBytes } }

  /// How large the body was so far.
  var bodyBytes: Int { state.withLock { $0.bodyBytes } }

  /// The answer, once there is one.
  var response: HTTPResponse? { state.withLock { $0.response } }

  /// Suspends the connection until `answer` is called. False if it was answered already, or was dispatched before; then
  /// nothing is suspended. Only inside the library's callback for this connection.
  func suspend() -> Bool {
    state.withLock { state in
      guard state.response == nil, !state.isDispatched else { return false }
      state.isDispatched = true
      state.isSuspended = true
      MHD_suspend_connection(connection)
      return true
    }
  }

  /// Remembers tasks that end with the exchange.
  func attach(_ tasks: [Task<Void, Never>]) {
    let isAnswered = state.withLock { state in
      if state.response == nil { state.tasks = tasks }
      return state.response != nil
    }
    if isAnswered { for task in tasks { task.cancel() } }
  }

  /// Gives the answer if there is none yet, and lets the connection go on. Any thread.
  func answer(_ response: HTTPResponse) {
    let (resume, tasks) = state.withLock { state -> (Bool, [Task<Void, Never>]) in
      guard state.response == nil else { return (false, []) }
      state.response = response
      defer {
        state.isSuspended = false
        state.tasks = []
      }
      return (state.isSuspended, state.tasks)
    }
    for task in tasks { task.cancel() }
    // Nothing may touch the connection after this: its thread may finish and free it at once.
    if resume { MHD_resume_connection(connection) }
  }
}
