import Foundation
package import Processes

/// Where the server's own programs are (`initdb`, `postgres`), which Debian keeps out of `PATH`.
package struct PostgresBinaries: Sendable, Equatable {
  package let folder: String

  package init(folder: String) { self.folder = folder }

  package var initdb: String { "\(folder)/initdb" }
  package var postgres: String { "\(folder)/postgres" }

  /// The first folder that has both: `/usr/lib/postgresql/*/bin` with `majorVersion` (of an existing cluster) or else
  /// the newest, what `pg_config` names, and `PATH`.
  package static func find(
    majorVersion: Int? = nil, launcher: ProcessLauncher
  ) async throws -> PostgresBinaries {
    var folders = installed(majorVersion: majorVersion)
    let configured = try? await launcher.run(ChildCommand("pg_config", ["--bindir"]), deadline: .seconds(10))
    if let configured, configured.status.isSuccess {
      folders.append(configured.outputText.trimmingCharacters(in: .whitespacesAndNewlines))
    }
    folders += (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    guard let folder = folders.first(where: isComplete) else { throw PostgresClusterError.binariesMissing }
    return PostgresBinaries(folder: folder)
  }

  private static func installed(majorVersion: Int?) -> [String] {
    let root = "/usr/lib/postgresql"
    let versions = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).compactMap(Int.init)
    return versions.sorted { a, b in
      (a == majorVersion ? 1 : 0, a) > (b == majorVersion ? 1 : 0, b)
    }.map { "\(root)/\($0)/bin" }
  }

  private static func isComplete(_ folder: String) -> Bool {
    ["initdb", "postgres"].allSatisfy { FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)") }
  }
}
