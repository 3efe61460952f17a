import Files
import Foundation
import Processes

/// The folders of a private cluster and who owns them.
enum PostgresFolders {
  /// Whom the server runs as when this program is root; nil when it is not, and the server runs as the same user.
  static func serverUser() throws -> SystemUser? {
    guard geteuid() == 0 else { return nil }
    guard let user = SystemUser("postgres") ?? SystemUser("nobody") else {
      throw PostgresClusterError.noUnprivilegedUser
    }
    return user
  }

  /// The major version of the cluster in a folder; nil if the folder is missing or empty.
  static func clusterVersion(_ folder: String) throws -> Int? {
    if let text = try? String(contentsOfFile: "\(folder)/PG_VERSION", encoding: .utf8) {
      return Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
    }
    guard FileManager.default.fileExists(atPath: folder) else { return nil }
    guard let content = try? FileManager.default.contentsOfDirectory(atPath: folder), content.isEmpty else {
      throw PostgresClusterError.notAFolder(folder)
    }
    return nil
  }

  /// Makes a folder of mode 0700 that belongs to the server's user; its parents are made as needed and stay ours.
  static func make(_ folder: String, for user: SystemUser?) throws {
    let parent = (folder as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    if let user, chown(folder, user.uid, user.gid) != 0 {
      throw CocoaError(.fileWriteNoPermission, userInfo: [NSFilePathErrorKey: folder])
    }
  }

  /// Gives an existing cluster to the server's user, if it belongs to another: made by another user, or copied.
  static func give(_ folder: String, to user: SystemUser?) throws {
    guard let user else { return }
    var status = stat()
    guard lstat(folder, &status) == 0, status.st_uid != user.uid else { return }
    var paths = [folder]
    if let enumerator = FileManager.default.enumerator(atPath: folder) {
      for case let path as String in enumerator { paths.append("\(folder)/\(path)") }
    }
    for path in paths where lchown(path, user.uid, user.gid) != 0 {
      throw CocoaError(.fileWriteNoPermission, userInfo: [NSFilePathErrorKey: path])
    }
  }

  /// Fails early, and in words, where the server's user may not pass one of the parents (such as /root).
  static func requireReachable(_ folder: String, by user: SystemUser?, launcher: ProcessLauncher) async throws {
    guard let user else { return }
    let result = try await launcher.run(
      ChildCommand("/usr/bin/test", ["-w", folder], workingDirectory: "/", user: user), deadline: .seconds(10))
    guard result.status.isSuccess else {
      throw PostgresClusterError.folderUnreachable(folder: folder, user: user.name)
    }
  }

  /// Removes a `postmaster.pid` whose process is not a PostgreSQL: after a crash its number may belong to anybody, and
  /// the server would refuse to start.
  static func removeStaleLock(_ folder: String) {
    let path = "\(folder)/postmaster.pid"
    guard let text = try? String(contentsOfFile: path, encoding: .utf8),
      let pid = text.split(separator: "\n").first.flatMap({ Int32($0) })
    else { return }
    let name = (try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8)) ?? ""
    if !name.hasPrefix("postgres") { unlink(path) }
  }

  /// Makes a fresh folder for the socket, whose path must stay under 108 bytes with the socket's name, and removes the
  /// one that a crashed run of the same cluster left behind.
  static func makeSocketFolder(for user: SystemUser?, remembering folder: String) throws -> String {
    let note = "\(folder)/lectern_socket_folder"
    if let old = try? String(contentsOfFile: note, encoding: .utf8), old.contains("/lectern-pg-") { remove(old) }
    var parent = "/tmp"
    // Only its own user may enter the run-time folder, so it is of no use to another one.
    if user == nil, let own = ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"], own.utf8.count < 70,
      access(own, W_OK | X_OK) == 0
    {
      parent = own
    }
    var template = Array("\(parent)/lectern-pg-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw CocoaError(.fileWriteNoPermission, userInfo: [NSFilePathErrorKey: parent])
    }
    let made = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    if let user, chown(made, user.uid, user.gid) != 0 {
      throw CocoaError(.fileWriteNoPermission, userInfo: [NSFilePathErrorKey: made])
    }
    try? OutputFile.write(made.utf8, to: FilePath(note), .ownerOnly)
    return made
  }

  static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
}
