/// Why a file of pretrained weights was not taken. The message names the file, the tensor where there is one, what was
/// expected and what to do; names from the file are shown cut and without control characters.
package struct ImportError: Error, Hashable, CustomStringConvertible {
  package enum Code: String, Sendable, Hashable {
    /// The file is missing, cannot be read or changed while it was read.
    case file
    /// Another format, such as a PyTorch pickle.
    case format
    /// A safetensors file that is damaged or made to deceive.
    case malformed
    /// Sound weights, but of another network.
    case network
    case missing
    case unexpected
    case misshapen
    /// An element type that holds no weights, or numbers that are none.
    case values
    /// The layout needs a file that was not given, or does not need one that was.
    case arguments
  }

  package let code: Code
  package let description: String

  init(_ code: Code, _ description: String) { (self.code, self.description) = (code, description) }
}
