/// Why a model bundle was refused or not written. The message names files and fields, and is safe to log.
package struct BundleError: Error, Hashable, CustomStringConvertible {
  package enum Code: String, Sendable, Hashable {
    /// A file is missing or cannot be read or written.
    case file
    /// The files contradict themselves or each other.
    case malformed
    /// Another format or features version.
    case version
    /// Other labels, or the same in another order.
    case labels
    /// A network, layout or precision this program does not have.
    case unsupported
  }

  package let code: Code
  package let message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { "model bundle: \(message)" }
}
