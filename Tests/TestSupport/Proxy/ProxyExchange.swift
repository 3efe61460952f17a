import Synchronization

/// What one connection is saying, as both of its threads see it: libpq speaks without pipelining, so an exchange begins
/// with the first message after ReadyForQuery.
final class ProxyExchange: Sendable {
  private struct State {
    var isOpen = false
    var kind: ProxyTrap.Exchange?
    var sent = 0
    var answered = 0
    /// Names of prepared statements that call `lectern.store`.
    var storeStatements: Set<String> = []
  }

  private let state = Mutex(State())

  struct Position: Sendable {
    /// Of a store; nil for anything else.
    var kind: ProxyTrap.Exchange?
    var message: Int
    var isFirst: Bool
  }

  /// Takes note of a message to the server; `body` is its beginning.
  func frontend(_ type: UInt8, _ body: ArraySlice<UInt8>) -> Position {
    state.withLock { state in
      let isFirst = !state.isOpen
      if isFirst {
        (state.isOpen, state.kind, state.sent, state.answered) = (true, nil, 0, 0)
        switch type {
        case UInt8(ascii: "P"):
          let (name, rest) = Self.text(body)
          if Self.text(rest).text.contains("lectern.store(") {
            state.storeStatements.insert(name)
            state.kind = .prepare
          }
        case UInt8(ascii: "B"):
          if state.storeStatements.contains(Self.text(Self.text(body).rest).text) { state.kind = .execute }
        default: break
        }
      }
      state.sent += 1
      return Position(kind: state.kind, message: state.sent, isFirst: isFirst)
    }
  }

  /// Takes note of a message from the server.
  func backend(_ type: UInt8) -> Position {
    state.withLock { state in
      state.answered += 1
      let position = Position(kind: state.kind, message: state.answered, isFirst: state.answered == 1)
      if type == UInt8(ascii: "Z") { (state.isOpen, state.kind) = (false, nil) }
      return position
    }
  }

  /// A text up to its zero, and what follows.
  private static func text(_ bytes: ArraySlice<UInt8>) -> (text: String, rest: ArraySlice<UInt8>) {
    let end = bytes.firstIndex(of: 0) ?? bytes.endIndex
    return (String(decoding: bytes[..<end], as: UTF8.self), bytes[end...].dropFirst())
  }
}
