import CPostgres
import Glibc

/// The exchange with the server: libpq's non-blocking calls under a deadline. Blocks the calling thread in `poll`.
enum Wire {
  /// How long a server may take to answer a cancellation before the connection is given up.
  private static let cancelGrace: Duration = .seconds(5)

  // MARK: Connecting

  static func connect(_ settings: PostgresSettings) throws(PostgresError) -> ConnectionHandle {
    let operation = "connecting"
    // Later words win: the first are defaults for what the connection string leaves open, the last are required.
    var words: [(String, String)] = [
      ("connect_timeout", "\(max(2, settings.connectDeadline.milliseconds / 1000))"),
      ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
      ("tcp_user_timeout", "60000"), ("fallback_application_name", settings.applicationName),
      ("dbname", settings.url),
      ("client_encoding", "UTF8"),
    ]
    // Only the first dbname may be a whole connection string.
    if let database = settings.database { words.append(("dbname", database)) }
    let pointer = withCStrings(words.map(\.0)) { keys in
      withCStrings(words.map(\.1)) { values in PQconnectStartParams(keys, values, 1) }
    }
    guard let pointer else {
      throw PostgresError(code: .client, message: "out of memory", operation: operation, connectionIsLost: true)
    }
    let connection = ConnectionHandle(adopting: pointer)
    // Verbose messages carry the SQLSTATE, which libpq gives in no other way before the session stands.
    PQsetErrorVerbosity(pointer, PQERRORS_VERBOSE)
    let limit = ContinuousClock.now + settings.connectDeadline
    var state = PQstatus(pointer) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING
    while state != PGRES_POLLING_OK {
      if state == PGRES_POLLING_FAILED { throw connectError(pointer, operation) }
      let events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT
      guard wait(PQsocket(pointer), for: events, until: limit) else {
        throw late("answer", operation)
      }
      state = PQconnectPoll(pointer)
    }
    PQsetErrorVerbosity(pointer, PQERRORS_DEFAULT)
    guard PQsetnonblocking(pointer, 1) == 0 else { throw connectError(pointer, operation) }
    return connection
  }

  /// The reason of a failed connection: `FATAL:  28P01: password authentication failed…`, or no SQLSTATE at all. (Every
  /// SQLSTATE has a digit; the word FATAL has five capitals too.)
  private static func connectError(_ pointer: OpaquePointer, _ operation: String) -> PostgresError {
    let text = String(cString: PQerrorMessage(pointer))
    // The LOCATION line of a verbose message is of no use to an operator.
    let message = text.split(separator: "\n").filter { !$0.hasPrefix("LOCATION:") }.joined(separator: " ")
    let state = text.firstMatch(of: #/: +((?=[A-Z]*[0-9])[0-9A-Z]{5}): /#).map { String($0.output.1) }
    return PostgresError(
      code: state.map { .init($0) } ?? .connectionLost, message: message, operation: operation,
      connectionIsLost: true)
  }

  // MARK: Statements

  /// Sends what was queued and waits for the results of one statement or script; the last one is returned.
  static func finish(
    _ sent: Int32, _ pointer: OpaquePointer, _ limit: ContinuousClock.Instant?, _ canceller: Canceller,
    _ operation: String, bindsValues: Bool
  ) throws(PostgresError) -> PostgresResult {
    guard sent == 1 else { throw lost(pointer, operation) }
    try flush(pointer, limit, operation)
    var deadline = Deadline(limit: limit, canceller: canceller)
    var failure: PostgresError?
    var last: PostgresResult?
    while true {
      while PQisBusy(pointer) == 1 {
        guard deadline.wait(PQsocket(pointer)) else {
          throw late("answer", operation)
        }
        guard PQconsumeInput(pointer) == 1 else {
          throw failure?.with(connectionIsLost: true) ?? lost(pointer, operation)
        }
      }
      guard let next = PQgetResult(pointer) else { break }
      let result = ResultHandle(adopting: next)
      switch PQresultStatus(next) {
      case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: last = PostgresResult(result)
      case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
        throw PostgresError(
          code: .client, message: "COPY is not supported", operation: operation, connectionIsLost: true)
      default: failure = failure ?? error(next, pointer, operation, bindsValues: bindsValues)
      }
    }
    if let failure { throw failure.with(connectionIsLost: PQstatus(pointer) == CONNECTION_BAD) }
    guard let last else { throw lost(pointer, operation) }
    return last
  }

  private static func flush(
    _ pointer: OpaquePointer, _ limit: ContinuousClock.Instant?, _ operation: String
  ) throws(PostgresError) {
    while true {
      switch PQflush(pointer) {
      case 0: return
      case 1:
        guard let ready = poll(PQsocket(pointer), for: POLLIN | POLLOUT, until: limit) else {
          // Half a message is on its way; the connection cannot be used for anything else.
          throw late("read", operation)
        }
        if ready & POLLIN != 0, PQconsumeInput(pointer) != 1 { throw lost(pointer, operation) }
      default: throw lost(pointer, operation)
      }
    }
  }

  private static func late(_ missing: String, _ operation: String) -> PostgresError {
    PostgresError(
      code: .deadlineExceeded, message: "the server did not \(missing) in time", operation: operation,
      connectionIsLost: true)
  }

  private static func lost(_ pointer: OpaquePointer, _ operation: String) -> PostgresError {
    let isBad = PQstatus(pointer) == CONNECTION_BAD
    let text = String(cString: PQerrorMessage(pointer)).split(separator: "\n").joined(separator: " ")
    return PostgresError(
      code: isBad ? .connectionLost : .client, message: text, operation: operation, connectionIsLost: true)
  }

  private static func error(
    _ result: OpaquePointer, _ pointer: OpaquePointer, _ operation: String, bindsValues: Bool
  ) -> PostgresError {
    func field(_ code: Character) -> String? {
      PQresultErrorField(result, Int32(code.asciiValue!)).map { String(cString: $0) }
    }
    guard let state = field("C") else { return lost(pointer, operation) }
    let constraint = field("n")
    let names = [("table", field("t")), ("column", field("c")), ("constraint", constraint)]
    let subject = names.compactMap { name, value in value.map { "\(name) \($0)" } }.joined(separator: ", ")
    let error = PostgresError(
      code: state == "23514" && constraint == nil ? .missingPartition : .init(state), message: field("M") ?? "",
      operation: operation, subject: subject.isEmpty ? nil : subject,
      // The server closes the session after these. One that takes no writes may have been replaced by another at the
      // same address, which only a new connection finds.
      connectionIsLost: ["FATAL", "PANIC"].contains(field("V")) || state == "25006", mayQuoteValues: bindsValues)
    guard error.code == .readOnlyServer else { return error }
    return error.adding("name all servers in the connection string, with target_session_attrs=read-write")
  }

  // MARK: Waiting

  /// First the caller's deadline, then, once, a cancellation and its grace.
  private struct Deadline {
    var limit: ContinuousClock.Instant?
    let canceller: Canceller
    var isCancelled = false

    mutating func wait(_ socket: Int32) -> Bool {
      if Wire.wait(socket, for: POLLIN, until: limit) { return true }
      guard !isCancelled else { return false }
      isCancelled = true
      canceller.cancel()
      limit = ContinuousClock.now + Wire.cancelGrace
      return Wire.wait(socket, for: POLLIN, until: limit)
    }
  }

  private static func wait(_ socket: Int32, for events: Int32, until limit: ContinuousClock.Instant?) -> Bool {
    poll(socket, for: events, until: limit) != nil
  }

  /// The events that are ready, or nil when the time is over.
  private static func poll(_ socket: Int32, for events: Int32, until limit: ContinuousClock.Instant?) -> Int32? {
    var descriptor = pollfd(fd: socket, events: Int16(events), revents: 0)
    while true {
      var timeout: Int32 = -1
      if let limit {
        let left = limit - .now
        guard left > .zero else { return nil }
        timeout = left.milliseconds
      }
      let ready = Glibc.poll(&descriptor, 1, timeout)
      if ready > 0 { return Int32(descriptor.revents) }
      if ready < 0, errno != EINTR { return events }
    }
  }

  /// Lends a null-terminated array of C strings.
  private static func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
  ) -> Result {
    let copies = strings.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    let pointers: [UnsafePointer<CChar>?] = copies.map { UnsafePointer($0) } + [nil]
    return pointers.withUnsafeBufferPointer { body($0.baseAddress!) }
  }
}

extension PostgresError {
  fileprivate func with(connectionIsLost: Bool) -> PostgresError {
    PostgresError(
      code: code, message: message, operation: operation, subject: subject,
      connectionIsLost: connectionIsLost || self.connectionIsLost, mayQuoteValues: false)
  }
}
