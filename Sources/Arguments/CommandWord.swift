import Glibc

/// One word of a command line as the system hands it over: bytes, which need not be a text.
package struct CommandWord: Hashable, Sendable, ExpressibleByStringLiteral {
  package let bytes: [UInt8]

  package init(bytes: [UInt8]) { self.bytes = bytes }
  package init(_ text: String) { bytes = Array(text.utf8) }
  package init(stringLiteral text: String) { self.init(text) }

  /// For people and for the names of options, which are ASCII: what is not UTF-8 is replaced.
  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The words of this process, without the program's name.
  package static func ofProcess() -> [CommandWord] {
    (1..<max(1, Int(CommandLine.argc))).compactMap { index in
      CommandLine.unsafeArgv[index].map { word in
        CommandWord(bytes: Array(UnsafeRawBufferPointer(start: word, count: strlen(word))))
      }
    }
  }

  /// What stands before and behind the first `=`; nil without one.
  func splitAtEqualsSign() -> (name: String, value: CommandWord)? {
    guard let sign = bytes.firstIndex(of: UInt8(ascii: "=")) else { return nil }
    return (String(decoding: bytes[..<sign], as: UTF8.self), CommandWord(bytes: Array(bytes[(sign + 1)...])))
  }

  /// Whether it can be the value of an option rather than an option: `-`, `-10` and `-10m` can, `-x` cannot.
  var isValue: Bool {
    guard bytes.first == UInt8(ascii: "-"), bytes.count > 1 else { return true }
    return (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[1]) || Double(text) != nil
  }
}
