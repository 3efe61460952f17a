import Configuration
import Foundation
import Testing

@Suite struct ConfigurationFileTests {
  private func value(_ text: String) -> String? {
    ConfigurationFile(path: "f", text: "K=\(text)").entries["K"]?.value
  }

  @Test func readsTheCommonSubset() {
    let file = ConfigurationFile(
      path: "f",
      text: """
        # a comment

          # another
        A=plain
        B='single $quoted # text'
        C="double \\"quoted\\" \\$5 \\\\"
        D=
        E=postgresql://u@h:5432/db?sslmode=require
        """)
    #expect(file.errors.isEmpty)
    #expect(
      file.entries.mapValues(\.value) == [
        "A": "plain", "B": "single $quoted # text", "C": #"double "quoted" $5 \"#, "D": "",
        "E": "postgresql://u@h:5432/db?sslmode=require",
      ])
    #expect(file.entries["C"]?.line == 6)
  }

  @Test(arguments: [
    "two words", "$HOME", "a#b", "a;b", "a&b", "`id`", "'open", "'a'b'", "\"open", "\"a\"b", "\"$HOME\"", "\"\\n\"",
    "a\\b", "~/x", "'", "\"", "\"\\",
  ])
  func refusesWhatReadersDisagreeAbout(_ text: String) {
    let file = ConfigurationFile(path: "f", text: "\nK=\(text)")
    #expect(file.entries.isEmpty)
    #expect(file.errors.map(\.place) == ["f:2"])
    // The bad value may be a secret.
    #expect(!file.errors[0].description.contains("=\(text)"))
  }

  @Test(arguments: ["export K=v", "K = v", "K", "9K=v", "K-L=v", "=v", "\u{FEFF}K=v"])
  func refusesOddLines(_ text: String) {
    #expect(ConfigurationFile(path: "f", text: text).errors.map(\.place) == ["f:1"])
  }

  @Test func refusesRepetitionAndWindowsLines() {
    let twice = ConfigurationFile(path: "f", text: "A=1\nA=2")
    #expect(twice.errors.map(\.problem) == ["set twice, first in line 1"])
    let windows = ConfigurationFile(path: "f", text: "A=1\r\nB=2\r\n")
    #expect(windows.errors.map(\.place) == ["f:1", "f:2"])
  }

  /// Editors of Windows write a byte order mark; reading the file drops it.
  @Test func aByteOrderMarkIsPassedOver() throws {
    let path = NSTemporaryDirectory() + "lectern-bom-\(UUID().uuidString)"
    defer { unlink(path) }
    try Data("\u{FEFF}K=v\n".utf8).write(to: URL(fileURLWithPath: path))
    let file = ConfigurationFile(path: path, text: try ConfigurationTable.readFile(path))
    #expect(file.errors.isEmpty && file.entries["K"]?.value == "v")
  }

  @Test func emptyQuotesAreEmpty() {
    #expect(value("''") == "")
    #expect(value("\"\"") == "")
  }
}
