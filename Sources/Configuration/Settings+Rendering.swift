import JSON

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
        lines.append("  \(padded(key.name, keyWidth))  \(padded(shown(key), valueWidth))  \(origin(key))")
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

  /// One Markdown table a group, with values and origins.
  package func markdown() -> String {
    table.markdown(columns: ["Value", "From"]) { key in [code(shown(key)), origin(key)] }
  }
}

extension ConfigurationTable {
  /// The reference for the documentation: key, type, default, meaning.
  package func markdown() -> String {
    markdown(columns: ["Type", "Default"]) { key in
      [key.expectation, key.isSecret ? "" : code(key.defaultText ?? "")]
    }
  }

  fileprivate func markdown(columns: [String], cells: (any AnyConfigurationKey) -> [String]) -> String {
    let sections = groups.filter { !$0.keys.isEmpty }.map { group in
      let header = ["Key"] + columns + ["Meaning"]
      let rows = group.keys.map { key in
        let name = key.isSecret ? "`\(key.name)` or `\(key.name)_FILE`" : "`\(key.name)`"
        return [name] + cells(key) + [key.help]
      }
      let lines = [header, header.map { _ in "---" }] + rows
      let table = lines.map { "| " + $0.map(cell).joined(separator: " | ") + " |" }
      return "### \(group.title)\n\n" + table.joined(separator: "\n") + "\n"
    }
    return sections.joined(separator: "\n")
  }
}

private func padded(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(0, width - text.count))
}

private func code(_ text: String) -> String { text.isEmpty ? "" : "`\(text)`" }

private func cell(_ text: String) -> String {
  text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    .split(separator: "\n", omittingEmptySubsequences: false).joined(separator: " ")
}
