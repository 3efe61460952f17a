/// Why bytes did not become a picture. `detail` is a short fixed phrase or a library's message: safe to log and to
/// store, it never quotes the bytes.
package struct ImageError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Code: String, Sendable, Hashable {
    /// No file of an `ImageType`, by its first bytes; an empty value too.
    case notAnImage
    /// The right first bytes, but damaged or cut short.
    case corrupt
    /// More bytes or more declared pixels than the limits allow; decided before anything is decoded.
    case tooLarge
    /// A valid file of a kind that is not decoded (for example 12-bit JPEG).
    case unsupported
    /// The library that decodes crashed, hung or ran out of memory on it: the file may be a good one or a hostile one.
    case decoderFailed
    /// This process lacks what decoding takes, through no fault of the file: to be tried again later.
    case unavailable
    /// No process that decodes can be had now, through no fault of the file: this one is to be tried again soon.
    case noDecoder
  }

  package let code: Code
  package let detail: String

  package init(_ code: Code, _ detail: String) {
    self.code = code
    self.detail = detail
  }

  package var description: String { "\(code.rawValue): \(detail)" }
}
