import Foundation

extension ConfigurationTable {
  /// The text of a UTF-8 file; the error says why not.
  package static func readFile(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
}

/// Resolves keys one by one and collects what is wrong.
struct Resolver {
  let flags: [String: ConfigurationTable.Flag]
  let environment: [String: String]
  let readFile: (String) throws -> String
  let exposure: (String) -> FileExposure?
  /// Files with secrets that more may read than need to, a sentence each.
  var exposedFiles: [String] = []
  var file: ConfigurationFile?
  var errors: [ConfigurationError] = []

  init(
    flags: [String: ConfigurationTable.Flag], environment: [String: String],
    readFile: @escaping (String) throws -> String, exposure: @escaping (String) -> FileExposure?
  ) {
    (self.flags, self.environment, self.readFile, self.exposure) = (flags, environment, readFile, exposure)
  }

  mutating func report(
    _ key: String, value: String? = nil, at place: String? = nil, _ problem: String, remedy: String
  ) {
    errors.append(ConfigurationError(key: key, value: value, place: place, problem: problem, remedy: remedy))
  }

  mutating func open(_ path: String) {
    do {
      let file = ConfigurationFile(path: path, text: try readFile(path))
      refuseIfWritable(ConfigurationTable.file.name, path)
      errors += file.errors
      self.file = file
    } catch {
      report(
        ConfigurationTable.file.name, value: path, "this file cannot be read",
        remedy: "name a readable UTF-8 file, or leave the key unset")
    }
  }

  mutating func resolve(_ key: any AnyConfigurationKey) -> Settings.Resolved {
    guard let found = find(key) else {
      return Settings.Resolved(text: key.defaultText, origin: key.defaultText == nil ? .unset : .defaultValue)
    }
    if let text = found.text, let expected = key.problem(with: text) {
      report(
        key.name, value: key.shown(text), at: found.origin.description, "not a valid value",
        remedy: "expected \(expected)")
      return Settings.Resolved(text: nil, origin: found.origin)
    }
    if key.isSecret { warnIfReadable(found.origin) }
    return found
  }

  /// A file that others may write is theirs: what it says cannot be trusted.
  private mutating func refuseIfWritable(_ key: String, _ path: String, at place: String? = nil) {
    guard exposure(path)?.isWritable == true else { return }
    report(
      key, value: path, at: place, "its group or everybody may write this file", remedy: "take that away: chmod go-w")
  }

  private mutating func warnIfReadable(_ origin: Settings.Origin) {
    let path: String
    switch origin {
    case .secretFile(let file), .file(let file, line: _): path = file
    case .flag, .environment, .defaultValue, .unset: return
    }
    let warning = "\(path) holds a secret, and more users may read it than need to: chmod 600"
    guard exposure(path)?.isReadable == true, !exposedFiles.contains(warning) else { return }
    exposedFiles.append(warning)
  }

  /// The text of the uppermost source that has one.
  private mutating func find(_ key: any AnyConfigurationKey) -> Settings.Resolved? {
    if let flag = flags[key.name] { return Settings.Resolved(text: flag.text, origin: .flag(flag.spelling)) }
    let environment = environment
    let entries = file?.entries ?? [:]
    let path = file?.path ?? ""
    return find(key) { name in environment[name].map { ($0, .environment) } }
      ?? find(key) { name in entries[name].map { ($0.value, .file(path, line: $0.line)) } }
  }

  /// One source: the key itself or, for a secret, the file that `<name>_FILE` names there.
  private mutating func find(
    _ key: any AnyConfigurationKey, in source: (String) -> (text: String, origin: Settings.Origin)?
  ) -> Settings.Resolved? {
    let direct = source(key.name).flatMap { $0.text.isEmpty ? nil : $0 }
    let fileName = "\(key.name)_FILE"
    guard key.isSecret, let named = source(fileName), !named.text.isEmpty else {
      return direct.map { Settings.Resolved(text: $0.text, origin: $0.origin) }
    }
    let place = named.origin.description
    if direct != nil {
      report(key.name, at: place, "\(key.name) and \(fileName) are both set", remedy: "keep one of them")
    }
    do {
      var text = try readFile(named.text)
      refuseIfWritable(fileName, named.text, at: place)
      if text.hasSuffix("\n") || text.hasSuffix("\r\n") { text.removeLast() }
      if !text.isEmpty { return Settings.Resolved(text: text, origin: .secretFile(named.text)) }
      report(fileName, value: named.text, at: place, "this file is empty", remedy: "put the secret in it")
    } catch {
      report(
        fileName, value: named.text, at: place, "this file cannot be read",
        remedy: "name a UTF-8 file that this user may read")
    }
    return Settings.Resolved(text: nil, origin: named.origin)
  }

  /// Reports names with our prefix that are no keys. In the file they are errors. In the environment they are errors
  /// when they look mistyped, else warnings: Kubernetes sets variables like `LECTERN_SERVICE_HOST` for a service of
  /// that name.
  mutating func judgeUnknown(_ keys: [any AnyConfigurationKey], foreign: Set<String>) -> [String] {
    let names = keys.flatMap { $0.isSecret ? [$0.name, "\($0.name)_FILE"] : [$0.name] }
    let known = Set(names).union(foreign)
    func suggestion(_ name: String) -> String? {
      names.first { name == "\($0)_FILE" } ?? Suggestion.nearest(to: name, among: names)
    }
    func remedy(_ suggestion: String?) -> String {
      suggestion.map { "did you mean \($0)?" } ?? "remove it, or see `lectern config` for all keys"
    }
    for (name, entry) in (file?.entries ?? [:]).sorted(by: { $0.value.line < $1.value.line })
    where !known.contains(name) && name.hasPrefix("LECTERN_") {
      report(name, at: "\(file!.path):\(entry.line)", "unknown key", remedy: remedy(suggestion(name)))
    }
    var warnings: [String] = []
    for name in environment.keys.sorted() where name.hasPrefix("LECTERN_") && !known.contains(name) {
      if let suggestion = suggestion(name) {
        report(name, at: "environment", "unknown key", remedy: remedy(suggestion))
      } else {
        warnings.append(name)
      }
    }
    return warnings
  }
}
