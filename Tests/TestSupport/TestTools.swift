package import Foundation
import Glibc
import Processes

/// Programs that some tests use and that the package itself never needs; `ops/bootstrap-tests.sh` installs them.
package enum TestTools {
  /// Where a program is, nil if it is nowhere on the `PATH`.
  package static func path(of name: String) -> String? {
    let folders =
      (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":") + ["/usr/local/bin", "/usr/bin"]
    return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// A Python that has these modules: the distribution's before any other.
  package static func python(with modules: String...) async -> String? {
    for candidate in ["/usr/bin/python3", path(of: "python3")].compactMap({ $0 }) {
      let command = ChildCommand(candidate, ["-c", "import \(modules.joined(separator: ", "))"])
      if let result = try? await ProcessLauncher().run(command, deadline: .seconds(30)), result.status.isSuccess {
        return candidate
      }
    }
    return nil
  }

  /// A librdkafka that is newer than the one the tests are linked with; nil where `LECTERN_TEST_RDKAFKA` names none.
  package static let newerRDKafka = ProcessInfo.processInfo.environment["LECTERN_TEST_RDKAFKA"]

  /// Folders with `initdb` and `postgres` of other versions than the installed one: `LECTERN_TEST_POSTGRES`.
  package static let otherPostgres =
    (ProcessInfo.processInfo.environment["LECTERN_TEST_POSTGRES"] ?? "").split(separator: ":").map(String.init)

  /// A path of its own for a server that lives as long as a test: in memory where there is room, else under /tmp. Tests
  /// make and drop thousands of files a minute, which a disk's file system may be slow at.
  package static func scratchPath(_ name: String) -> String {
    "\(scratchFolder)/lectern-\(name)-\(getpid())-\(String(UInt32.random(in: .min ... .max), radix: 16))"
  }

  private static let scratchFolder: String = {
    let memory = "/dev/shm"
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: memory)
    let free = (attributes?[.systemFreeSize] as? NSNumber)?.uint64Value ?? 0
    return free >= 6 << 30 ? memory : "/tmp"
  }()

  /// The repository, also where the tests are built through a link to it.
  package static let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
}
