/// A file of `KEY=VALUE` lines, in the subset that systemd's `EnvironmentFile`, Docker Compose's `env_file` and a POSIX
/// shell read alike; what they would read differently is an error, not a guess.
///
/// A line is empty, a comment (`#` first), or `KEY=VALUE` without blanks about the `=`. A value is bare (no blanks or
/// shell characters), in single quotes (taken as it stands), or in double quotes (`\"`, `\\`, ``
/// \` `` and `\$` stand for the second character).
package struct ConfigurationFile: Sendable {
  package struct Entry: Sendable, Equatable {
    package var line: Int
    package var value: String
  }

  /// The file's name, for messages.
  package let path: String
  package private(set) var entries: [String: Entry] = [:]
  package private(set) var errors: [ConfigurationError] = []

  /// Reads the text of a file; what is wrong with it is in `errors`.
  package init(path: String, text: String) {
    self.path = path
    // "\r\n" is one Character: splitting scalars keeps the carriage return where it can be complained about.
    for (index, line) in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      read(String(line), number: index + 1)
    }
  }

  private mutating func read(_ line: String, number: Int) {
    let text = line.trimmingBlanks()
    if text.isEmpty || text.hasPrefix("#") { return }
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let key = String(parts[0])
    guard parts.count == 2, Self.isKey(key) else {
      // The text itself is not shown: it may be half of a secret.
      return fail(nil, number, "no KEY=VALUE", "write KEY=VALUE without blanks about the = and without export")
    }
    if text.unicodeScalars.last == "\r" {
      return fail(key, number, "the line ends in a carriage return", "save the file with Unix line ends")
    }
    if let earlier = entries[key] {
      return fail(key, number, "set twice, first in line \(earlier.line)", "remove one of the two lines")
    }
    guard let value = Self.value(of: String(parts[1])) else {
      return fail(key, number, "shells and systemd read this value differently", "put it in single quotes")
    }
    entries[key] = Entry(line: number, value: value)
  }

  private mutating func fail(_ key: String?, _ line: Int, _ problem: String, _ remedy: String) {
    errors.append(ConfigurationError(key: key, place: "\(path):\(line)", problem: problem, remedy: remedy))
  }

  private static func isKey(_ text: String) -> Bool {
    text.first?.isNumber == false && text.allSatisfy { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
  }

  private static func value(of text: String) -> String? {
    if text.hasPrefix("'") {
      let inner = text.dropFirst().dropLast()
      return text.count >= 2 && text.hasSuffix("'") && !inner.contains("'") ? String(inner) : nil
    }
    guard text.hasPrefix("\"") else {
      return text.hasPrefix("~") || text.contains { " \t\"'\\$`&;|<>()#".contains($0) } ? nil : text
    }
    var result = ""
    var rest = text.dropFirst()
    while let character = rest.popFirst() {
      switch character {
      case "\"": return rest.isEmpty ? result : nil
      case "\\":
        guard let escaped = rest.popFirst(), "\"\\`$".contains(escaped) else { return nil }
        result.append(escaped)
      case "$", "`": return nil
      default: result.append(character)
      }
    }
    return nil
  }
}
