import Foundation
import LearningEvents
package import Persistence
import PlainText
import TextOutput

/// What `lectern audit list` prints.
package struct AuditPage: Encodable {
  /// What a line says of what was done; the database holds it as an object of such values.
  enum Detail: Codable, CustomStringConvertible {
    case number(Int64)
    case numbers([Int64])
    case text(String)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Int64.self) {
        self = .number(number)
      } else if let numbers = try? container.decode([Int64].self) {
        self = .numbers(numbers)
      } else {
        self = .text(try container.decode(String.self))
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .number(let number): try container.encode(number)
      case .numbers(let numbers): try container.encode(numbers)
      case .text(let text): try container.encode(text)
      }
    }

    var description: String {
      switch self {
      case .number(let number): "\(number)"
      case .numbers(let numbers): numbers.map(String.init).joined(separator: ",")
      case .text(let text): text
      }
    }
  }

  struct Line: Encodable {
    let entry: Int64
    let at, actor, action: String
    let detail: [String: Detail]
  }

  let lines: [Line]
  /// Older lines are those before this one; nil on the last page.
  let next: Int64?

  /// A detail of another form, which another program or a person wrote, is shown as the text that it is.
  package init(_ entries: [AuditEntry], limit: Int) {
    lines = entries.prefix(limit).map { entry in
      let detail = try? JSONDecoder().decode([String: Detail].self, from: Data(entry.detail.utf8))
      return Line(
        entry: entry.id, at: entry.at.rfc3339, actor: entry.actor, action: entry.action,
        detail: detail ?? ["unread": .text(entry.detail)])
    }
    next = entries.count > limit ? lines.last?.entry : nil
  }

  package var text: String {
    var text = TextTable(["line", "at", "login", "action", "detail"], leading: 4, last: .text).text(
      lines.map { line in
        let detail = line.detail.filter { $0.key != "erasures" || !$0.value.description.isEmpty }
          .sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        return ["\(line.entry)", line.at, line.actor.printable, line.action, detail.printable]
      })
    if let next { text += "next page: --before \(next)\n" }
    return text
  }
}
