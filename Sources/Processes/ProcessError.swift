/// Why a child could not be started or ended, or why this process could not be kept private. The description is safe to
/// log.
package enum ProcessError: Error, Equatable, CustomStringConvertible {
  /// No such program, by path or in `PATH`.
  case notFound(executable: String)
  /// The system refused: which call, and errno.
  case system(call: String, errno: Int32, executable: String)
  /// The system does not let this process turn core dumps of itself off.
  case core(errno: Int32)
  /// The child ran longer than allowed and was killed with its group.
  case deadlineExceeded(executable: String, deadline: Duration)

  package var description: String {
    switch self {
    case .notFound(let executable): "\(executable) was not found: install it, or add its folder to PATH"
    case .system(let call, let errno, let executable):
      "cannot start \(executable): \(call): \(systemMessage(errno))"
    case .core(let errno):
      "core dumps, which would hold learners' data, cannot be turned off here: \(systemMessage(errno))"
    case .deadlineExceeded(let executable, let deadline):
      "\(executable) took longer than \(deadline) and was killed"
    }
  }
}
