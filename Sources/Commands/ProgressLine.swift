import Foundation
import Synchronization

/// A bar on stderr that redraws itself, where stderr is a terminal; nothing elsewhere. Any thread.
final class ProgressLine: Sendable {
  private struct State {
    var lastDrawn: ContinuousClock.Instant?
    var isFinished = false
  }

  private let total: Int
  private let isShown: Bool
  private let state = Mutex(State())
  private static let width = 30

  init(total: Int, isShown: Bool = Terminal.errorIsTerminal) {
    self.total = max(1, total)
    self.isShown = isShown
  }

  /// Draws how much is done, at most ten times a second.
  func update(done: Int, note: String) {
    guard isShown else { return }
    state.withLock { state in
      let now = ContinuousClock.now
      guard !state.isFinished,
        done >= total || state.lastDrawn.map({ $0.duration(to: now) > .milliseconds(100) }) ?? true
      else { return }
      state.lastDrawn = now
      let filled = Self.width * min(done, total) / total
      let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.width - filled)
      Terminal.note("\r\u{1B}[2K\(bar) \(done)/\(total) \(note)")
    }
  }

  /// Leaves the last bar standing.
  func finish() {
    guard isShown else { return }
    state.withLock { state in
      if state.lastDrawn != nil, !state.isFinished { Terminal.note("\n") }
      state.isFinished = true
    }
  }
}
