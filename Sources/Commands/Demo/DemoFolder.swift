import Arguments
import Files
import Foundation

/// Where the demo keeps its database, model and report.
struct DemoFolder {
  let path: String

  var database: String { "\(path)/postgresql" }
  var model: String { "\(path)/model-untrained" }
  var secret: String { "\(path)/pseudonym-secret" }
  var report: String { "\(path)/report.html" }

  /// The usual place: root's must be one the database's own user can reach, which no home folder of root's is.
  static func standard(_ environment: CommandEnvironment) -> String {
    if environment.isRoot { return "/var/lib/lectern/demo" }
    if let base = environment.variables["XDG_DATA_HOME"], base.hasPrefix("/") { return "\(base)/lectern/demo" }
    return "\(environment.homeFolder())/.local/share/lectern/demo"
  }

  /// Makes the folder; others may pass through it, as root's database runs as another user, but not list it.
  func create() throws {
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o711])
    } catch {
      throw FolderError.unwritable(path, reason: "the folder cannot be made")
    }
  }

  /// Keeps a second demo out: a lock on a file in the folder, which the kernel drops however the process ends.
  ///
  /// - Returns: the descriptor that holds it, the caller's to close.
  func lock() throws(FolderError) -> Int32 {
    let descriptor = open("\(path)/lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .unwritable(path, reason: String(cString: strerror(errno))) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw .taken(path)
    }
    return descriptor
  }

  /// The demo's pseudonym secret, made at the first start: a second run must be the same deployment.
  func pseudonymSecret() throws -> String {
    if let text = try? String(contentsOfFile: secret, encoding: .utf8), text.utf8.count >= 32 { return text }
    var generator = SystemRandomNumberGenerator()
    let text = (0..<64).map { _ in String(Int.random(in: 0..<16, using: &generator), radix: 16) }.joined()
    try OutputFile.write(text.utf8, to: FilePath(secret), .ownerOnly)
    return text
  }
}

enum FolderError: Error, CustomStringConvertible {
  case taken(String)
  case unwritable(String, reason: String)

  var description: String {
    switch self {
    case .taken(let folder): "another demo runs in \(folder): end it, or name another folder with --data-dir"
    case .unwritable(let folder, let reason):
      "cannot write in \(folder) (\(reason)): name another folder with --data-dir"
    }
  }
}
