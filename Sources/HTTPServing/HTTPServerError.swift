/// Why a server could not start.
package struct HTTPServerError: Error, Sendable, CustomStringConvertible {
  package enum Code: Sendable, Equatable {
    /// The address is no numeric IPv4 or IPv6 address and not `localhost`.
    case badAddress
    /// Another program listens there.
    case addressInUse
    /// The address does not belong to this machine, or the port needs privileges.
    case notPermitted
    /// The address is reachable from other machines, and this server is for this machine alone.
    case notLoopback
    /// Anything else the system said.
    case system
  }

  package let code: Code
  package let message: String
  /// The system's error number, 0 if there is none.
  package let errno: Int32

  package init(code: Code, message: String, errno: Int32 = 0) {
    self.code = code
    self.message = message
    self.errno = errno
  }

  package var description: String { message }
}
