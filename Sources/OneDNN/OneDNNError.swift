internal import COneDNN

/// A call of oneDNN that failed, or a network it cannot run.
package struct OneDNNError: Error, Hashable, CustomStringConvertible {
  /// What kind of failure it is; more may come.
  package struct Code: Hashable, Sendable {
    private let name: String
    private init(_ name: String) { self.name = name }

    /// The library has no memory left.
    package static let outOfMemory = Code("out of memory")
    /// The library has no implementation of this operation here.
    package static let unsupported = Code("unsupported")
    /// Network and weights, or network and input, do not fit.
    package static let invalidNetwork = Code("invalid network")
    /// The library refused a call that was correct in our eyes.
    package static let failed = Code("failed")
  }

  package let code: Code

  /// The call and what it was made for; safe to log.
  package let message: String

  /// oneDNN's own status, nil where the library was not reached.
  package let status: UInt32?

  package init(_ code: Code, _ message: String, status: UInt32? = nil) {
    self.code = code
    self.message = message
    self.status = status
  }

  package var description: String {
    status.map { "oneDNN: \(message) (status \($0))" } ?? "oneDNN: \(message)"
  }
}

/// Throws unless a call of oneDNN succeeded; `what` names the call.
func check(_ status: dnnl_status_t, _ what: @autoclosure () -> String) throws(OneDNNError) {
  guard status != dnnl_success else { return }
  let code: OneDNNError.Code =
    switch status {
    case dnnl_out_of_memory: .outOfMemory
    case dnnl_unimplemented: .unsupported
    default: .failed
    }
  throw OneDNNError(code, what(), status: status.rawValue)
}
