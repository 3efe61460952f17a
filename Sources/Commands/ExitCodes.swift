package import Arguments
package import PostgresIO

extension PostgresError: ErrorWithExitCode {
  /// A pooler that keeps no session is a matter of configuration: starting again does not mend it.
  package var exitCode: ExitCode { code == .poolerKeepsNoSession ? .configuration : .failure }
}
