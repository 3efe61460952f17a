/// Why a private PostgreSQL cluster could not be made or started; every description says what to do.
package enum PostgresClusterError: Error, Equatable, CustomStringConvertible {
  case binariesMissing
  /// PostgreSQL refuses to run as root, and there is nobody else to run it as.
  case noUnprivilegedUser
  /// The user PostgreSQL runs as cannot get at the folder.
  case folderUnreachable(folder: String, user: String)
  case notAFolder(String)
  /// `initdb` or the server failed; `output` is the end of what it said.
  case failed(program: String, output: String, log: String?)
  case notReady(log: String)

  package var description: String {
    switch self {
    case .binariesMissing:
      "no PostgreSQL server found: install it (Debian: apt-get install postgresql), or set LECTERN_POSTGRES_URL"
    case .noUnprivilegedUser:
      "PostgreSQL does not run as root and there is neither a user postgres nor nobody: run lectern as another user"
    case .folderUnreachable(let folder, let user):
      "the user \(user), as whom PostgreSQL runs, cannot reach \(folder): choose a data folder whose parents are open "
        + "to it, for example under /var/tmp"
    case .notAFolder(let path):
      "\(path) is neither an empty folder nor a PostgreSQL cluster: choose another data folder"
    case .failed(let program, let output, let log):
      "\(program) failed: \(output)" + (log.map { " (see \($0))" } ?? "")
    case .notReady(let log): "the private PostgreSQL did not get ready in time: see \(log)"
    }
  }
}
