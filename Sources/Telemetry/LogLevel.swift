/// How much a log line matters. `warning` means recovered; `error` means lost or needs a person.
package enum LogLevel: Int, Sendable, CaseIterable, Comparable {
  case trace, debug, info, warning, error

  /// The name as written in lines and configuration, for example `info`.
  package var name: String { "\(self)" }

  /// The level of that name, in any case.
  package init?(name: String) {
    let lowercased = name.lowercased()
    guard let level = Self.allCases.first(where: { $0.name == lowercased }) else { return nil }
    self = level
  }

  package static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}
