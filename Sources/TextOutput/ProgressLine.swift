import Synchronization

/// A bar that redraws itself on a terminal; nothing elsewhere. Any thread.
package final class ProgressLine: Sendable {
  private struct State {
    var lastDrawn: Duration?
    var isFinished = false
  }

  private let total: Int
  private let console: Console
  private let isShown: Bool
  private let uptime: @Sendable () -> Duration
  private let state = Mutex(State())
  private static let width = 30
  private static let interval = Duration.milliseconds(100)

  /// - Parameters:
  ///   - console: on whose error output it is drawn, if that is a terminal.
  ///   - isWanted: false draws nothing on a terminal either.
  package init(total: Int, on console: Console, isWanted: Bool = true, uptime: @escaping @Sendable () -> Duration) {
    self.total = max(1, total)
    self.console = console
    isShown = isWanted && console.errors.isTerminal
    self.uptime = uptime
  }

  /// Draws how much is done, at most ten times a second.
  package func update(done: Int, note: String) {
    guard isShown else { return }
    state.withLock { state in
      let now = uptime()
      guard !state.isFinished, done >= total || state.lastDrawn.map({ now - $0 > Self.interval }) ?? true else {
        return
      }
      state.lastDrawn = now
      let filled = Self.width * min(done, total) / total
      let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.width - filled)
      console.note("\r\u{1B}[2K\(bar) \(done)/\(total) \(note)")
    }
  }

  /// Leaves the last bar on the terminal, with a line break.
  package func finish() {
    guard isShown else { return }
    state.withLock { state in
      if state.lastDrawn != nil, !state.isFinished { console.note("\n") }
      state.isFinished = true
    }
  }
}
