/// What is wrong with one setting, and what to do. Never holds the value of a secret.
package struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  /// The setting, or nil where a line of a file could not be read at all.
  package var key: String?
  /// The bad value; nil for secrets and where there is none.
  package var value: String?
  /// Where it came from, for example `environment` or `/etc/lectern.env:3`.
  package var place: String?
  package var problem: String
  package var remedy: String

  package init(key: String? = nil, value: String? = nil, place: String? = nil, problem: String, remedy: String) {
    (self.key, self.value, self.place, self.problem, self.remedy) = (key, value, place, problem, remedy)
  }

  package var description: String {
    let setting = key.map { key in value.map { "\(key)=\($0)" } ?? key }
    let subject = [setting, place.map { "(\($0))" }].compactMap(\.self).joined(separator: " ")
    return "\(subject.isEmpty ? "" : subject + ": ")\(problem); \(remedy)"
  }
}

/// Everything that is wrong with a configuration, found in one go.
package struct ConfigurationErrors: Error, Equatable, CustomStringConvertible {
  package var errors: [ConfigurationError]

  package init(errors: [ConfigurationError]) { self.errors = errors }

  package var description: String { errors.map(\.description).joined(separator: "\n") }
}
