import Synchronization
package import TextOutput

/// A stream that keeps what is written, in place of a terminal or pipe. Any thread.
package final class MemoryStream: TextStream {
  private struct State {
    var texts: [String] = []
    var failure: TextStreamError?
  }

  package let size: (columns: Int, rows: Int)?
  private let state = Mutex(State())

  /// - Parameter size: of a terminal; nil for a stream that is none.
  package init(size: (columns: Int, rows: Int)? = nil) { self.size = size }

  package var isTerminal: Bool { size != nil }
  package var isAbandoned: Bool { state.withLock { $0.failure != nil } }
  /// Everything written, in one piece.
  package var text: String { state.withLock { $0.texts.joined() } }
  /// What each write brought.
  package var texts: [String] { state.withLock(\.texts) }

  /// Every later write throws this.
  package func fail(_ error: TextStreamError) { state.withLock { $0.failure = error } }

  package func write(_ text: String) throws(TextStreamError) {
    let failure = state.withLock { state in
      if state.failure == nil { state.texts.append(text) }
      return state.failure
    }
    if let failure { throw failure }
  }
}
