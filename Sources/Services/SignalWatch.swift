import CLinux
import Foundation
import Synchronization

/// Tells of the signals that this process receives, from a thread of its own that is started with the first watch.
///
/// Dispatch has sources for that, but where no further thread can be made (a limit on address space or tasks) it waits
/// for one without end, and a signal that it has taken is heard by nobody. So the same thread ends the process where
/// the one who watches does not within the time it gave.
final class SignalWatch: Sendable {
  static let shared = SignalWatch()

  private struct Watch {
    let signals: Set<Int32>
    let patience: Duration?
    let handler: @Sendable (Int32) -> Void
    /// When the process is ended; nil before the first signal, or where nobody asked for it.
    var limit: ContinuousClock.Instant?
  }

  private struct State {
    var watches: [Int: Watch] = [:]
    var nextID = 0
    /// The signals that are caught, with what each did before.
    var caught: [Int32: sigaction] = [:]
  }

  private let state = Mutex(State())
  private let thread = ThreadExecutor(name: "signals", stackSizeBytes: 256 << 10)
  private let readEnd, writeEnd: Int32

  private init() {
    var ends: [Int32] = [0, 0]
    // Not blocking: a handler must never wait.
    precondition(pipe2(&ends, O_CLOEXEC | O_NONBLOCK) == 0, "a process has room for a pipe")
    (readEnd, writeEnd) = (ends[0], ends[1])
    thread.submit { [self] in follow() }
  }

  /// Calls the handler, on the thread of all watches, whenever the process receives one of the signals; while
  /// any watch wants one, it does not end the process by itself.
  ///
  /// - Parameter patience: how long after the first signal this watch may still be there: then the process is ended
  ///   with exit code 1. Nil waits for ever.
  /// - Returns: what `remove` takes.
  func add(_ signals: [Int32], patience: Duration?, handler: @escaping @Sendable (Int32) -> Void) -> Int {
    state.withLock { state in
      for signal in signals where state.caught[signal] == nil {
        var before = sigaction()
        let status = lectern_catch_signal(signal, writeEnd, &before)
        state.caught[signal] = before
        precondition(status == 0, "signal \(signal) cannot be caught: \(String(cString: strerror(status)))")
      }
      state.nextID += 1
      state.watches[state.nextID] = Watch(signals: Set(signals), patience: patience, handler: handler)
      return state.nextID
    }
  }

  /// Ends a watch. A signal that no other one wants does what it did before: whatever the process is at by then, such
  /// as printing to a reader that stands still, can be interrupted.
  func remove(_ id: Int) {
    state.withLock { state in
      guard let watch = state.watches.removeValue(forKey: id) else { return }
      let wanted = state.watches.values.reduce(into: Set<Int32>()) { $0.formUnion($1.signals) }
      for signal in watch.signals.subtracting(wanted) {
        guard var before = state.caught.removeValue(forKey: signal) else { continue }
        sigaction(signal, &before, nil)
      }
    }
  }

  /// The body of the thread.
  private func follow() {
    while true {
      var ready = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
      _ = poll(&ready, 1, timeoutMilliseconds)
      var numbers = [UInt8](repeating: 0, count: 64)
      let count = read(readEnd, &numbers, numbers.count)
      for number in numbers.prefix(max(0, count)) { deliver(Int32(number)) }
      if state.withLock({ $0.watches.values.contains { $0.limit.map { $0 <= .now } ?? false } }) { giveUp() }
    }
  }

  /// Until the next limit; -1 without one.
  private var timeoutMilliseconds: Int32 {
    guard let limit = state.withLock({ $0.watches.values.compactMap(\.limit).min() }) else { return -1 }
    let left = (limit - .now).components
    return Int32(clamping: max(0, left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000 + 1))
  }

  private func deliver(_ signal: Int32) {
    let handlers = state.withLock { state in
      state.watches.compactMap { id, watch in
        guard watch.signals.contains(signal) else { return nil as (@Sendable (Int32) -> Void)? }
        if watch.limit == nil { state.watches[id]?.limit = watch.patience.map { .now + $0 } }
        return watch.handler
      }
    }
    for handler in handlers { handler(signal) }
  }

  /// Nothing but system calls: whatever else may need what the process lacks.
  private func giveUp() -> Never {
    let text: StaticString =
      "a signal asked this process to end and it stands still; can it start threads (ulimit -v, -u)? Ended at once\n"
    _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
    _exit(1)
  }
}
