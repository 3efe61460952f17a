package import Processes

/// A program that ended otherwise than with exit code 0.
private struct ProgramFailure: Error {
  let status: Processes.ExitStatus
  /// The end of what it wrote to standard error.
  let message: String
}

extension ProcessResult {
  /// Throws unless the exit code is 0, with the last 2,000 bytes of standard error.
  @discardableResult package func requireSuccess() throws -> ProcessResult {
    guard status.isSuccess else {
      throw ProgramFailure(status: status, message: String(decoding: errorOutput.suffix(2000), as: UTF8.self))
    }
    return self
  }
}
