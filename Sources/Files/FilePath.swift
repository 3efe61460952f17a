/// A path as the file system has it: bytes, which need not be a text.
///
/// Equal, hashed and ordered by its bytes: Swift takes texts of different normal forms for equal, and two files of one
/// folder may be named so.
package struct FilePath: Hashable, Comparable, Sendable {
  package let bytes: [UInt8]

  package init(_ text: String) { bytes = Array(text.utf8) }

  init(bytes: [UInt8]) { self.bytes = bytes }

  /// For people: what is not UTF-8 is replaced, so that it need not lead back to the file.
  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The path of what lies in this folder.
  func appending(_ name: [UInt8]) -> FilePath {
    FilePath(bytes: bytes.last == UInt8(ascii: "/") ? bytes + name : bytes + [UInt8(ascii: "/")] + name)
  }

  func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    (bytes + [0]).withUnsafeBytes { body($0.bindMemory(to: CChar.self).baseAddress!) }
  }

  package static func < (left: FilePath, right: FilePath) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}
