/// Decides which connections are to be closed so that slow and idle ones keep nobody out. Pure: it knows the numbers of
/// sockets and is told the time.
///
/// libmicrohttpd closes a connection without traffic, but a byte now and then is traffic, and a full table keeps
/// everybody else in the kernel's queue.
package struct ConnectionTable {
  package enum Phase: Equatable {
    /// Nothing, or part of a request, has come since the connection was opened or its last answer was sent.
    case receiving
    /// A handler makes the answer, within a deadline of its own. The library does not look at the socket meanwhile.
    case handling
    /// The answer is being taken.
    case sending
    /// It was shut down, and the library has not closed it yet.
    case ending
  }

  package struct Limits: Sendable {
    /// Connections held at once; one more costs the oldest its place.
    package var connections: Int
    /// From the connection, or the answer before, to a complete request.
    package var receiving: Duration
    /// From an answer's first byte to its last.
    package var sending: Duration

    package init(connections: Int, receiving: Duration, sending: Duration) {
      (self.connections, self.receiving, self.sending) = (connections, receiving, sending)
    }
  }

  private struct Connection {
    var phase: Phase
    var since: ContinuousClock.Instant
    /// Later connections have a higher number: of two that wait since the same instant the older one goes.
    let number: Int
  }

  private let limits: Limits
  private var connections: [Int32: Connection] = [:]
  private var opened = 0

  package init(limits: Limits) { self.limits = limits }

  /// How many connections the library holds.
  package var count: Int { connections.count }

  /// A connection is there.
  ///
  /// - Returns: the socket to shut down in its favour, if the table is full: of those that receive, else of those that
  ///   send, the one that does so for longest. Nil also where a handler works for every other one.
  package mutating func open(_ socket: Int32, at now: ContinuousClock.Instant) -> Int32? {
    opened += 1
    connections[socket] = Connection(phase: .receiving, since: now, number: opened)
    return makeRoom(for: socket)
  }

  /// The connection does something else from now on. Unless it is ending: that is not taken back.
  ///
  /// - Returns: the socket to shut down, if the table holds more than its limit and the connection receives: where
  ///   handlers worked for all of them, none could go before, and the library takes no new one that would ask for room.
  @discardableResult
  package mutating func enter(_ phase: Phase, _ socket: Int32, at now: ContinuousClock.Instant) -> Int32? {
    guard var connection = connections[socket], connection.phase != .ending else { return nil }
    (connection.phase, connection.since) = (phase, now)
    connections[socket] = connection
    return phase == .receiving ? makeRoom() : nil
  }

  /// The library is about to close the socket; its number may come again.
  package mutating func close(_ socket: Int32) { connections[socket] = nil }

  /// The sockets to shut down because their time is over, or because the table holds more than its limit.
  package mutating func expire(at now: ContinuousClock.Instant) -> [Int32] {
    var expired = connections.filter { _, connection in
      switch connection.phase {
      case .receiving: now - connection.since >= limits.receiving
      case .sending: now - connection.since >= limits.sending
      case .handling, .ending: false
      }
    }.map(\.key).sorted()
    for socket in expired { connections[socket]?.phase = .ending }
    while let socket = makeRoom() { expired.append(socket) }
    return expired
  }

  /// Ends one connection if there are too many: of those that receive, else of those that send, the one that does so
  /// for longest. Not `newest`, which is there for its first time.
  private mutating func makeRoom(for newest: Int32? = nil) -> Int32? {
    guard connections.values.count(where: { $0.phase != .ending }) > limits.connections,
      let victim = oldest(in: .receiving, but: newest) ?? oldest(in: .sending, but: newest)
    else { return nil }
    connections[victim]?.phase = .ending
    return victim
  }

  private func oldest(in phase: Phase, but newest: Int32?) -> Int32? {
    connections.filter { $0.key != newest && $0.value.phase == phase }
      .min { ($0.value.since, $0.value.number) < ($1.value.since, $1.value.number) }?.key
  }
}
