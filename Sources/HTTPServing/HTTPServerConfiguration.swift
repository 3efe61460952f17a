/// How a server behaves; the defaults suit a dashboard.
package struct HTTPServerConfiguration: Sendable {
  /// Threads that wait for the network, two or more; handlers do not run on them.
  package var threads = 2
  /// Connections held at once; one more closes the one that has been idle, or slow, for longest.
  package var maximumConnections = 512
  /// A connection without a complete request for this long, since it was made or its last answer was sent, is closed,
  /// however many bytes of one have come.
  package var requestDeadline = Duration.seconds(10)
  /// An answer that is not taken within this is cut off.
  package var answerDeadline = Duration.seconds(60)
  /// A connection without traffic for this long is closed; whole seconds.
  package var idleTimeout = Duration.seconds(30)
  /// A handler that takes longer is answered for with 503 and its task cancelled.
  package var handlerDeadline = Duration.seconds(20)
  /// How long a stop waits for requests in progress before it answers them with 503.
  package var stopGrace = Duration.seconds(5)
  package var limits = HTTPLimits()

  package init() {}

  /// For what monitors ask: few connections, short answers.
  package static var monitoring: HTTPServerConfiguration {
    var configuration = HTTPServerConfiguration()
    configuration.maximumConnections = 64
    configuration.answerDeadline = .seconds(10)
    return configuration
  }
}

/// What a request may measure at most; beyond it is answered at once, and the connection closed.
package struct HTTPLimits: Sendable {
  /// Bytes of the path as sent; beyond it 414.
  package var pathBytes = 2048
  /// Query items; beyond it 414.
  package var queryItems = 64
  /// Header fields; beyond it 431.
  package var headerFields = 100
  /// Bytes of all header names and values; beyond it 431.
  package var headerBytes = 16 << 10
  /// Bytes of the body; beyond it 413. Read-only pages need none.
  package var bodyBytes = 64 << 10

  package init() {}
}
