import Foundation

/// What is known of the terminals this program writes to.
enum Terminal {
  static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
  static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Writes text to stdout, whole; a closed pipe is the reader's choice and no error.
  static func print(_ text: String) { try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8)) }

  /// Writes text to stderr.
  static func note(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }

  /// One JSON value and a newline to stdout, keys sorted.
  static func print(json value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n")
  }
}
