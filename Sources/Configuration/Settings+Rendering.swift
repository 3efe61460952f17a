import JSON
import PlainText

/// The whole table as `lectern config` prints it and as the documentation holds it.
extension Settings {
  /// The value to show: of a secret only whether it is set.
  private func shown(_ key: any AnyConfigurationKey) -> String {
    let text = resolved[key.name]?.text
    if key.isSecret { return text == nil ? "(unset)" : "(set)" }
    return text ?? ""
  }

  private func origin(_ key: any AnyConfigurationKey) -> String { resolved[key.name]?.origin.description ?? "unset" }

  /// Aligned columns: key, value, origin; one heading a group.
  package func text() -> String {
    let keyWidth = table.keys.map(\.name.count).max() ?? 0
    // One long value must not push all origins off the screen.
    let valueWidth = table.keys.map { shown($0).count }.filter { $0 <= 40 }.max() ?? 0
    var lines: [String] = []
    for group in table.groups where !group.keys.isEmpty {
      lines += lines.isEmpty ? [group.title] : ["", group.title]
      for key in group.keys {
        lines.append("  \(key.name.padded(to: keyWidth))  \(shown(key).padded(to: valueWidth))  \(origin(key))")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// An array of objects: key, value (null when unset; of a secret `(set)`), origin, default, secret, help.
  package func json() -> String {
    let objects = table.keys.map { key in
      let isSet = resolved[key.name]?.text != nil
      let fields = [
        ("key", JSONText.quoted(key.name)), ("value", isSet ? JSONText.quoted(shown(key)) : "null"),
        ("origin", JSONText.quoted(origin(key))),
        ("default", key.isSecret ? "null" : key.defaultText.map { JSONText.quoted($0) } ?? "null"),
        ("secret", "\(key.isSecret)"),
        ("help", JSONText.quoted(key.help)),
      ]
      return "{" + fields.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    }
    return "[\n  " + objects.joined(separator: ",\n  ") + "\n]\n"
  }
}

extension ConfigurationTable {
  /// The reference for the documentation: key, type, default, meaning.
  package func markdown() -> String {
    let sections = groups.filter { !$0.keys.isEmpty }.map { group in
      let rows = group.keys.map { key in
        let name = key.isSecret ? "`\(key.name)` or `\(key.name)_FILE`" : "`\(key.name)`"
        let shown = key.isSecret ? nil : key.defaultText
        return [name, key.expectation, shown.map { $0.isEmpty ? "" : "`\($0)`" } ?? "", key.help]
      }
      let header = ["Key", "Type", "Default", "Meaning"]
      let table = ([header, header.map { _ in "---" }] + rows).map { cells in
        "| " + cells.map { $0.replacing("|", with: "\\|").replacing("\n", with: " ") }.joined(separator: " | ") + " |"
      }
      return "### \(group.title)\n\n" + table.joined(separator: "\n") + "\n"
    }
    return sections.joined(separator: "\n")
  }
}
