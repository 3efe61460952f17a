import Foundation
import JSON
import PlainText

/// How a log entry becomes one line of text.
package enum LogFormat: Sendable, Equatable {
  /// `2026-11-23T12:00:00.123Z info worker stored a batch samples=200`, with ANSI colours if asked for.
  case human(colour: Bool)
  /// One JSON object a line: `time`, `level`, `logger`, `message` and, where there is any, `data`.
  case json

  /// The line of an entry, without the newline. Control characters never reach a terminal or split a line.
  package func line(_ entry: LogEntry) -> String {
    switch self {
    case .human(let colour): human(entry, colour: colour)
    case .json: json(entry)
    }
  }

  private func human(_ entry: LogEntry, colour: Bool) -> String {
    func painted(_ text: String, _ code: String) -> String { colour ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
    let level = painted(entry.level.name.padded(to: 7), entry.level.colour)
    var line = "\(painted(Self.timestamp(entry.time), "2")) \(level) \(entry.label): \(entry.message.printable)"
    for (key, value) in entry.metadata {
      line += " \(painted("\(key)=", "2"))\(Self.quotedIfNeeded(value.description))"
    }
    return line
  }

  private func json(_ entry: LogEntry) -> String {
    var fields = [
      "\"time\":\(Self.quoted(Self.timestamp(entry.time)))", "\"level\":\(Self.quoted(entry.level.name))",
      "\"logger\":\(Self.quoted(entry.label))", "\"message\":\(Self.quoted(entry.message))",
    ]
    if !entry.metadata.isEmpty {
      let data = entry.metadata.map { "\(Self.quoted($0.key)):\(Self.jsonValue($0.value))" }
      fields.append("\"data\":{\(data.joined(separator: ","))}")
    }
    return "{\(fields.joined(separator: ","))}"
  }

  private static func jsonValue(_ value: MetadataValue) -> String {
    switch value {
    case .string(let text): quoted(text)
    case .int(let number): "\(number)"
    case .double(let number): number.isFinite ? "\(number)" : quoted("\(number)")
    }
  }

  /// RFC 3339 in UTC with milliseconds.
  static func timestamp(_ time: Date) -> String {
    time.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true)) + "Z"
  }

  private static func quotedIfNeeded(_ text: String) -> String {
    let plain = !text.isEmpty && !text.unicodeScalars.contains { !$0.isInert || " \"=\\".unicodeScalars.contains($0) }
    return plain ? text : quoted(text)
  }

  /// A JSON string in which nothing can steer a terminal or split a line.
  private static func quoted(_ text: String) -> String {
    JSONText.quoted(text) { scalar in
      switch scalar {
      case "\n": "\\n"
      case "\t": "\\t"
      case "\r": "\\r"
      default: scalar.isInert ? nil : JSONText.escaped(scalar)
      }
    }
  }
}

extension LogLevel {
  /// The ANSI code of a level's colour on a terminal.
  fileprivate var colour: String {
    switch self {
    case .trace, .debug: "2"
    case .info: "32"
    case .warning: "33"
    case .error: "31"
    }
  }
}
