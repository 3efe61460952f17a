/// What went wrong between this program and PostgreSQL, safe to log: it shows no bound value, no DETAIL, no learner.
package struct PostgresError: Error, Sendable, CustomStringConvertible {
  /// An SQLSTATE, or one of the client's own codes, which are lower-case words.
  package struct Code: Hashable, Sendable, CustomStringConvertible {
    package let rawValue: String
    package init(_ rawValue: String) { self.rawValue = rawValue }
    package var description: String { rawValue }

    /// A ledger is at another offset or belongs to a newer claim: the whole batch was undone.
    package static let fenced = Code("LF001")
    /// A ledger belongs to another consumer group.
    package static let otherGroup = Code("LF002")
    /// The connection could not be made or was lost, and the server gave no reason.
    package static let connectionLost = Code("connection_lost")
    /// The server did not answer within the deadline. The connection was given up.
    package static let deadlineExceeded = Code("deadline_exceeded")
    /// The connection was closed by its owner.
    package static let closed = Code("closed")
    /// Too many callers wait for a connection of the pool.
    package static let poolExhausted = Code("pool_exhausted")
    /// A result was not of the shape the program expects.
    package static let decoding = Code("decoding")
    /// The program used the connection wrongly, or libpq failed locally.
    package static let client = Code("client")

    /// A pooler between this program and the server keeps no session.
    package static let poolerKeepsNoSession = Code("pooler_keeps_no_session")

    package static let insufficientPrivilege = Code("42501")
    package static let invalidParameterValue = Code("22023")
    /// The server takes no writes: a standby, or one set to read-only.
    package static let readOnlyServer = Code("25006")
    package static let lockNotAvailable = Code("55P03")
    package static let queryCanceled = Code("57014")
    package static let uniqueViolation = Code("23505")
    /// A row belongs into a partition that does not exist. The server says 23514 as for a check that failed, but names
    /// no constraint.
    package static let missingPartition = Code("missing_partition")
  }

  /// What the caller may do about it.
  package enum Severity: Sendable, Equatable {
    /// Try again, with backoff, on a new connection where `connectionIsLost`.
    case transient
    /// Something in the parameters cannot be stored (classes 22, 23 and 54): split the batch. For a missing partition
    /// only where making it does not help.
    case data
    /// `LF001`: read the ledger again before anything else.
    case fenced
    /// A person or another version of the program is needed.
    case fatal
  }

  package let code: Code
  /// The server's primary message, or the client's. Left out where it may quote a value: of class 22, unless the
  /// statement had none.
  package let message: String
  /// What was being done, in words.
  package let operation: String
  /// The names the server gave: table, column or constraint, never a value.
  package let subject: String?
  /// True if the connection can no longer be used.
  package let connectionIsLost: Bool

  /// - Parameter mayQuoteValues: false for a statement without bound values.
  package init(
    code: Code, message: String, operation: String, subject: String? = nil, connectionIsLost: Bool = false,
    mayQuoteValues: Bool = true
  ) {
    self.code = code
    let isConcealed = mayQuoteValues && code.rawValue.count == 5 && code.rawValue.hasPrefix("22")
    self.message = isConcealed ? "a value was refused" : message
    self.operation = operation
    self.subject = subject
    self.connectionIsLost = connectionIsLost
  }

  /// The same with a sentence of what mends it.
  package func adding(_ remedy: String) -> PostgresError {
    PostgresError(
      code: code, message: "\(message); \(remedy)", operation: operation, subject: subject,
      connectionIsLost: connectionIsLost, mayQuoteValues: false)
  }

  package var isTransient: Bool { severity == .transient }

  package var description: String {
    let subject = subject.map { " (\($0))" } ?? ""
    return "PostgreSQL \(code) while \(operation): \(message)\(subject)"
  }

  package var severity: Severity {
    switch code {
    case .fenced: return .fenced
    case .connectionLost, .deadlineExceeded, .poolExhausted: return .transient
    case .missingPartition: return .data
    default: break
    }
    let state = code.rawValue
    guard state.utf8.count == 5 else { return .fatal }
    switch state {
    // Read-only server (a standby), idle-in-transaction time-out, lock time-out, cancelled, I/O error.
    case "25006", "25P03", "55P03", "57014", "58030": return .transient
    // The database was dropped: waiting does not bring it back.
    case "57P04": return .fatal
    default: break
    }
    switch state.prefix(2) {
    // Connection, rollback (serialization, deadlock), resources (disk, memory, connections).
    case "08", "40", "53": return .transient
    case "22", "23", "54": return .data
    case "57": return state.hasPrefix("57P0") ? .transient : .fatal
    default: return .fatal
    }
  }
}
