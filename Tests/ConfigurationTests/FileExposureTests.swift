import Configuration
import Foundation
import Testing

/// Who may read and write files of settings and secrets.
@Suite struct FileExposureTests {
  static let secret = ConfigurationKey<String>("LECTERN_SECRET", help: "a secret", secret: true)
  static let name = ConfigurationKey<String>("LECTERN_NAME", help: "none")
  static let table = ConfigurationTable([.init("All", [secret, name])])

  /// Settings of a file with a mode, that names itself the value or the configuration.
  private func resolve(_ text: String, mode: Int, as key: String) throws -> Settings {
    let file = FileManager.default.temporaryDirectory.appending(path: "lectern-mode-\(UUID().uuidString)").path
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    defer { try? FileManager.default.removeItem(atPath: file) }
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
    return try Self.table.resolve(environment: [key: file])
  }

  @Test(arguments: [0o600, 0o400, 0o700])
  func aSecretOfOnesOwnIsQuiet(mode: Int) throws {
    let settings = try resolve("hush", mode: mode, as: "LECTERN_SECRET_FILE")
    #expect(settings[Self.secret] == "hush" && settings.fileWarnings.isEmpty)
  }

  @Test(arguments: [0o640, 0o644, 0o604, 0o440, 0o444])
  func aSecretThatOthersReadIsWarnedOf(mode: Int) throws {
    let settings = try resolve("hush", mode: mode, as: "LECTERN_SECRET_FILE")
    #expect(settings[Self.secret] == "hush")
    #expect(settings.fileWarnings.count == 1 && settings.fileWarnings[0].contains("chmod 600"))
    #expect(!settings.fileWarnings[0].contains("hush"))
  }

  @Test(arguments: [0o620, 0o602, 0o666, 0o660])
  func aSecretThatOthersWriteIsRefused(mode: Int) throws {
    let error = #expect(throws: ConfigurationErrors.self) {
      try resolve("hush", mode: mode, as: "LECTERN_SECRET_FILE")
    }
    #expect(error?.description.contains("may write this file; take that away: chmod go-w") == true)
    #expect(error?.description.contains("hush") == false)
  }

  @Test func aConfigurationIsAsExposedAsWhatItHolds() throws {
    let harmless = try resolve("LECTERN_NAME=a\n", mode: 0o644, as: "LECTERN_CONFIG")
    #expect(harmless.fileWarnings.isEmpty)
    let telling = try resolve("LECTERN_NAME=a\nLECTERN_SECRET=hush\n", mode: 0o644, as: "LECTERN_CONFIG")
    #expect(telling.fileWarnings.count == 1)
    let error = #expect(throws: ConfigurationErrors.self) {
      try resolve("LECTERN_NAME=a\n", mode: 0o664, as: "LECTERN_CONFIG")
    }
    #expect(error?.description.contains("LECTERN_CONFIG=") == true)
  }

  /// As systemd's credentials and Kubernetes's secrets come: root's, and readable by way of the group.
  @Test func whatComesByTheGroupOfSomebodyElseIsQuiet() {
    #expect(FileExposure(mode: 0o440, isOwn: false) == FileExposure(isWritable: false, isReadable: false))
    #expect(FileExposure(mode: 0o440, isOwn: true) == FileExposure(isWritable: false, isReadable: true))
    #expect(FileExposure(mode: 0o444, isOwn: false) == FileExposure(isWritable: false, isReadable: true))
    #expect(FileExposure(mode: 0o460, isOwn: false) == FileExposure(isWritable: true, isReadable: false))
  }

  @Test func whatIsNoFileIsNotJudged() throws {
    #expect(FileExposure.of("/dev/null") == nil && FileExposure.of("/nonexistent") == nil)
    let folder = FileManager.default.temporaryDirectory.appending(path: "lectern-mode-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(FileExposure.of(folder) == nil)
  }

  /// Kubernetes puts a link where the secret is looked for.
  @Test func aLinkIsJudgedByWhatItLeadsTo() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "lectern-mode-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Data("x".utf8).write(to: URL(fileURLWithPath: "\(folder)/file"))
    try FileManager.default.createSymbolicLink(atPath: "\(folder)/link", withDestinationPath: "file")
    for (mode, exposure) in [
      (0o600, FileExposure(isWritable: false, isReadable: false)),
      (0o606, FileExposure(isWritable: true, isReadable: true)),
    ] {
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: "\(folder)/file")
      #expect(FileExposure.of("\(folder)/link") == exposure)
    }
  }
}
