import Configuration
import Foundation
import Testing

private enum Keys {
  static let port = ConfigurationKey("LECTERN_HTTP_PORT", default: 8080, in: 0...65535, help: "port of the server")
  static let url = ConfigurationKey<String>("LECTERN_POSTGRES_URL", help: "the database | its address")
  static let secret = ConfigurationKey<String>("LECTERN_PSEUDONYM_SECRET", help: "key of the pseudonyms", secret: true)
  static let pin = ConfigurationKey<Int>("LECTERN_PIN", help: "a secret number", secret: true)
  static let wait = ConfigurationKey("LECTERN_WAIT", default: Duration.seconds(30), help: "how long to wait")
}

private struct NoSuchFile: Error {}

@Suite struct ConfigurationTableTests {
  private let table = ConfigurationTable(
    [.init("Server", [Keys.port, Keys.wait]), .init("Database", [Keys.url, Keys.secret, Keys.pin])],
    foreignNames: ["LECTERN_REQUIRE"])

  private func resolve(
    _ environment: [String: String] = [:], flags: [String: ConfigurationTable.Flag] = [:],
    required: [any AnyConfigurationKey] = [], files: [String: String] = [:]
  ) throws(ConfigurationErrors) -> Settings {
    try table.resolve(flags: flags, environment: environment, required: required) { path in
      guard let text = files[path] else { throw NoSuchFile() }
      return text
    }
  }

  private func errors(
    _ environment: [String: String], required: [any AnyConfigurationKey] = [], files: [String: String] = [:]
  ) -> [String] {
    do {
      _ = try resolve(environment, required: required, files: files)
      return []
    } catch { return error.errors.map(\.description) }
  }

  @Test func defaults() throws {
    let settings = try resolve()
    #expect(settings[Keys.port] == 8080)
    #expect(settings.origin(of: Keys.port) == .defaultValue)
    #expect(settings.optional(Keys.url) == nil)
    #expect(settings.origin(of: Keys.url) == .unset)
  }

  @Test func flagsOverEnvironmentOverFileOverDefault() throws {
    let files = ["/f": "LECTERN_HTTP_PORT=1\nLECTERN_WAIT=2m\nLECTERN_POSTGRES_URL=a"]
    let environment = ["LECTERN_CONFIG": "/f", "LECTERN_HTTP_PORT": "2", "LECTERN_POSTGRES_URL": "b"]
    let settings = try resolve(
      environment, flags: [Keys.port.name: .init(spelling: "--port", text: "3")], files: files)
    #expect(settings[Keys.port] == 3)
    #expect(settings.origin(of: Keys.port) == .flag("--port"))
    #expect(settings[Keys.url] == "b")
    #expect(settings.origin(of: Keys.url) == .environment)
    #expect(settings[Keys.wait] == .seconds(120))
    #expect(settings.origin(of: Keys.wait) == .file("/f", line: 2))
  }

  @Test func emptyMeansUnset() throws {
    #expect(try resolve(["LECTERN_HTTP_PORT": ""])[Keys.port] == 8080)
  }

  @Test func theFileMayBeNamedByAFlag() throws {
    let flag = ConfigurationTable.Flag(spelling: "--config", text: "/g")
    let settings = try resolve(
      ["LECTERN_CONFIG": "/f"], flags: [ConfigurationTable.file.name: flag], files: ["/g": "LECTERN_HTTP_PORT=1"])
    #expect(settings[Keys.port] == 1)
  }

  @Test func secretsComeFromFiles() throws {
    for text in ["hush\n", "hush", "hush\r\n"] {
      let settings = try resolve(["LECTERN_PSEUDONYM_SECRET_FILE": "/s"], files: ["/s": text])
      #expect(settings[Keys.secret] == "hush")
      #expect(settings.origin(of: Keys.secret) == .secretFile("/s"))
    }
    // Only one line end is trimmed: the rest may be part of the secret.
    #expect(
      try resolve(["LECTERN_PSEUDONYM_SECRET_FILE": "/s"], files: ["/s": " a\n\n"])[Keys.secret] == " a\n")
    let named = ["/f": "LECTERN_PSEUDONYM_SECRET_FILE=/s", "/s": "x"]
    #expect(try resolve(["LECTERN_CONFIG": "/f"], files: named)[Keys.secret] == "x")
  }

  @Test func badSecretFilesAreErrors() {
    #expect(
      errors(["LECTERN_PSEUDONYM_SECRET_FILE": "/s", "LECTERN_PSEUDONYM_SECRET": "a"], files: ["/s": "b"]) == [
        "LECTERN_PSEUDONYM_SECRET (environment): LECTERN_PSEUDONYM_SECRET and LECTERN_PSEUDONYM_SECRET_FILE are both "
          + "set; keep one of them"
      ])
    #expect(errors(["LECTERN_PSEUDONYM_SECRET_FILE": "/no"]).count == 1)
    #expect(errors(["LECTERN_PSEUDONYM_SECRET_FILE": "/s"], files: ["/s": "\n"]).count == 1)
    // A key that is no secret has no such file.
    #expect(errors(["LECTERN_HTTP_PORT_FILE": "/s"], files: ["/s": "1"]).count == 1)
  }

  @Test func everythingWrongIsReportedTogether() {
    let found = errors(
      ["LECTERN_CONFIG": "/f", "LECTERN_HTTP_PORT": "99999", "LECTERN_PIN": "hunter2", "LECTERN_WIAT": "1s"],
      required: [Keys.url, Keys.pin], files: ["/f": "LECTERN_WAIT=soon\nLECTERN_POSTGRES_ULR=x\noops"])
    #expect(
      found == [
        "(/f:3): no KEY=VALUE; write KEY=VALUE without blanks about the = and without export",
        "LECTERN_HTTP_PORT=99999 (environment): not a valid value; expected 0 to 65535",
        "LECTERN_WAIT=soon (/f:1): not a valid value; expected a duration, like 500ms, 30s, 2m or 7d",
        "LECTERN_PIN (environment): not a valid value; expected a whole number",
        "LECTERN_POSTGRES_URL: not set, but needed here (the database | its address); set it in the environment or "
          + "the configuration file",
        "LECTERN_POSTGRES_ULR (/f:2): unknown key; did you mean LECTERN_POSTGRES_URL?",
        "LECTERN_WIAT (environment): unknown key; did you mean LECTERN_WAIT?",
      ])
    #expect(!found.joined().contains("hunter2"))
  }

  @Test func strangersInTheEnvironmentAreWarnings() throws {
    let settings = try resolve(["LECTERN_SERVICE_HOST": "10.0.0.1", "LECTERN_REQUIRE": "kafka", "PATH": "/bin"])
    #expect(settings.warnings == ["LECTERN_SERVICE_HOST"])
    #expect(errors(["LECTERN_CONFIG": "/f"], files: ["/f": "LECTERN_SERVICE_HOST=x"]).count == 1)
    #expect(errors(["LECTERN_CONFIG": "/f"], files: ["/f": "PGPASSFILE=/x"]) == [])
  }

  @Test func anUnreadableFileIsAnError() {
    #expect(
      errors(["LECTERN_CONFIG": "/no"]) == [
        "LECTERN_CONFIG=/no: this file cannot be read; name a readable UTF-8 file, or leave the key unset"
      ])
  }

  @Test func secretsAreNeverShown() throws {
    let settings = try resolve(["LECTERN_PSEUDONYM_SECRET": "hunter2", "LECTERN_HTTP_PORT": "80"])
    for text in [settings.text(), settings.json()] {
      #expect(!text.contains("hunter2"))
      #expect(text.contains("(set)"))
    }
    #expect(settings.text().contains("\n  LECTERN_HTTP_PORT         80       environment\n"))
    #expect(settings.text().contains("\n  LECTERN_PIN               (unset)  unset\n"))
    #expect(table.markdown().contains("the database \\| its address"))
    #expect(table.markdown().contains("| `LECTERN_WAIT` | a duration, like 500ms, 30s, 2m or 7d | `30s` |"))
    let parsed = try JSONSerialization.jsonObject(with: Data(settings.json().utf8))
    let rows = try #require(parsed as? [[String: Any]])
    #expect(rows.count == 6)
    #expect(rows[1]["key"] as? String == "LECTERN_HTTP_PORT")
    #expect(rows[1]["value"] as? String == "80")
    #expect(rows[1]["default"] as? String == "8080")
    #expect(rows[3]["value"] is NSNull)
  }

  @Test func readsRealFiles() throws {
    let path = NSTemporaryDirectory() + "lectern-config-\(UUID().uuidString)"
    try "LECTERN_HTTP_PORT=1\n".write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(try table.resolve(environment: ["LECTERN_CONFIG": path])[Keys.port] == 1)
  }
}

@Suite struct SuggestionTests {
  @Test func findsTheNearest() {
    #expect(Suggestion.nearest(to: "wroker", among: ["serve", "worker"]) == "worker")
    #expect(Suggestion.nearest(to: "publsh", among: ["publish", "public"]) == "publish")
    #expect(Suggestion.nearest(to: "xyz", among: ["worker"]) == nil)
    #expect(Suggestion.nearest(to: "", among: ["a"]) == "a")
    #expect(Suggestion.nearest(to: "a", among: [String]()) == nil)
  }
}
