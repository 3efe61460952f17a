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

  package var description: String { message }
}
