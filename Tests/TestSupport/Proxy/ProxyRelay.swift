import Foundation

/// One direction of one connection: reads, knows where messages begin and end, and forwards. Used by its thread alone,
/// which it blocks.
struct ProxyRelay {
  private static let capacity = 64 << 10
  /// How much of a message is looked at: a statement's text, and the names at the beginning of Bind.
  private static let inspected = 16 << 10

  private let side: ProxySide
  private let link: ProxyLink
  private let exchange: ProxyExchange
  private weak var proxy: PostgresProxy?

  private var buffer = [UInt8](repeating: 0, count: capacity)
  /// `buffer[..<taken]` belongs to messages that may be forwarded, `buffer[..<filled]` was read.
  private var taken = 0
  private var filled = 0
  /// What is still to come of the message that began last.
  private var bodyLeft = 0
  private var after: ProxyExchange.Position?
  private var hasStarted: Bool

  init(side: ProxySide, link: ProxyLink, exchange: ProxyExchange, proxy: PostgresProxy?) {
    (self.side, self.link, self.exchange, self.proxy) = (side, link, exchange, proxy)
    // The first message of a client has no type.
    hasStarted = side == .backend
  }

  /// Forwards until one end closes or a trap cuts.
  mutating func run() {
    while true {
      let (source, at) = (side == .frontend ? link.client : link.server, filled)
      let count = buffer.withUnsafeMutableBytes { bytes in
        read(source, bytes.baseAddress! + at, bytes.count - at)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      filled += count
      guard take(), flush() else { return }
    }
  }

  /// Goes through what was read, message by message.
  private mutating func take() -> Bool {
    while true {
      if bodyLeft > 0 {
        let step = min(bodyLeft, filled - taken)
        taken += step
        bodyLeft -= step
        guard bodyLeft == 0 else { return true }
        if let position = after {
          after = nil
          guard pass(position, .after) else { return false }
        }
      }
      guard hasStarted else {
        guard filled - taken >= 8 else { return true }
        bodyLeft = number(at: taken)
        hasStarted = true
        // TLS was not asked for; a cancellation and a start are forwarded alike.
        guard number(at: taken + 4) != 80_877_103 else { return false }
        continue
      }
      guard filled - taken >= 5 else { return true }
      let length = number(at: taken + 1) + 1
      let type = buffer[taken]
      let looked = min(length, Self.inspected)
      guard filled - taken >= looked else { return true }
      guard begin(type, buffer[(taken + 5)..<(taken + looked)]) else { return false }
      bodyLeft = length
    }
  }

  private mutating func begin(_ type: UInt8, _ body: ArraySlice<UInt8>) -> Bool {
    let position: ProxyExchange.Position
    switch side {
    case .frontend:
      position = exchange.frontend(type, body)
      if position.isFirst, type != UInt8(ascii: "X"), let delay = proxy?.statementDelay, delay > .zero {
        guard flush() else { return false }
        Thread.sleep(forTimeInterval: delay / .seconds(1))
      }
    case .backend:
      position = exchange.backend(type)
      if type == UInt8(ascii: "E"), let code = Self.sqlState(body) { proxy?.countError(code) }
      if position.kind == .execute, type == UInt8(ascii: "Z") { proxy?.countStore() }
    }
    after = position
    return pass(position, .before)
  }

  /// Does what a trap at this place wants; false if the connection is to be cut.
  private mutating func pass(_ position: ProxyExchange.Position, _ moment: ProxyTrap.Moment) -> Bool {
    guard let kind = position.kind,
      let trap = proxy?.trap(ProxyTrap.Place(kind, side, moment, position.message))
    else { return true }
    return flush() && trap.spring()
  }

  /// Writes what was taken and makes room.
  private mutating func flush() -> Bool {
    let (target, count) = (side == .frontend ? link.server : link.client, taken)
    let isWritten = buffer.withUnsafeBytes { bytes in
      ProxySocket.write(UnsafeRawBufferPointer(rebasing: bytes[..<count]), to: target)
    }
    buffer.withUnsafeMutableBytes { bytes in
      _ = memmove(bytes.baseAddress!, bytes.baseAddress! + count, filled - count)
    }
    filled -= count
    taken = 0
    return isWritten
  }

  private func number(at index: Int) -> Int {
    buffer[index..<(index + 4)].reduce(0) { $0 << 8 | Int($1) }
  }

  /// The code field of an error.
  private static func sqlState(_ body: ArraySlice<UInt8>) -> String? {
    body.split(separator: 0).first { $0.first == UInt8(ascii: "C") }
      .map { String(decoding: $0.dropFirst(), as: UTF8.self) }
  }
}
