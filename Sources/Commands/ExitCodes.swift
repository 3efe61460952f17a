package import Arguments
package import PostgresIO

extension PostgresError: ErrorWithExitCode {
  /// A pooler that keeps no session is a matter of configuration: starting again does not mend it.
  package var exitCode: ExitCode { code == .poolerKeepsNoSession ? .configuration : .failure }
}

extension ExitCode {
  /// Interrupted by SIGINT or SIGTERM, as a shell says of the first.
  static let interrupted = ExitCode(130)
}
