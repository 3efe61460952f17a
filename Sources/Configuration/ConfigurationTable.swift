/// Every key of the program, in the order and under the headings of its documentation.
package struct ConfigurationTable: Sendable {
  package struct Group: Sendable {
    package let title: String
    package let keys: [any AnyConfigurationKey]

    package init(_ title: String, _ keys: [any AnyConfigurationKey]) { (self.title, self.keys) = (title, keys) }
  }

  /// The file of `KEY=VALUE` lines to read; part of every table.
  package static let file = ConfigurationKey<ConfigurationPath>(
    "LECTERN_CONFIG", help: "file of KEY=VALUE lines, read below the environment")

  package let groups: [Group]
  /// Variables with our prefix that others read, for example `LECTERN_REQUIRE` of the tests.
  package let foreignNames: Set<String>

  /// Traps when two keys share a name.
  package init(_ groups: [Group], foreignNames: Set<String> = []) {
    self.groups = [Group("General", [Self.file])] + groups
    self.foreignNames = foreignNames
    let names = self.groups.flatMap(\.keys).map(\.name)
    precondition(Set(names).count == names.count, "two configuration keys share a name")
  }

  package var keys: [any AnyConfigurationKey] { groups.flatMap(\.keys) }

  /// One value given on the command line.
  package struct Flag: Sendable, Equatable {
    /// As typed, for example `--port`.
    package var spelling: String
    package var text: String

    package init(spelling: String, text: String) { (self.spelling, self.text) = (spelling, text) }
  }

  /// Resolves every key: flags (by key name) over environment over file over default. An empty variable or line counts
  /// as not set. Reports everything wrong at once, the keys in `required` that have no value included, and touches
  /// nothing but the files that the settings name.
  package func resolve(
    flags: [String: Flag] = [:], environment: [String: String], required: [any AnyConfigurationKey] = [],
    readFile: @escaping (String) throws -> String = Self.readFile,
    exposure: @escaping (String) -> FileExposure? = FileExposure.of
  ) throws(ConfigurationErrors) -> Settings {
    var resolver = Resolver(flags: flags, environment: environment, readFile: readFile, exposure: exposure)
    var settings = Settings(table: self)
    settings.resolved[Self.file.name] = resolver.resolve(Self.file)
    if let path = settings.resolved[Self.file.name]?.text { resolver.open(path) }
    for key in keys where key.name != Self.file.name { settings.resolved[key.name] = resolver.resolve(key) }
    for key in required where settings.resolved[key.name]?.text == nil {
      // A value that was given but is bad has been reported already.
      if resolver.errors.contains(where: { $0.key == key.name }) { continue }
      resolver.report(
        key.name, "not set, but needed here (\(key.help))",
        remedy: "set it in the environment or the configuration file")
    }
    settings.warnings = resolver.judgeUnknown(keys, foreign: foreignNames)
    settings.fileWarnings = resolver.exposedFiles
    if !resolver.errors.isEmpty { throw ConfigurationErrors(errors: resolver.errors) }
    return settings
  }
}
