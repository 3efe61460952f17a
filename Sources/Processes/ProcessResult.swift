/// What a child that ran to its end left behind.
package struct ProcessResult: Sendable, Equatable {
  package var executable: String
  package var status: ExitStatus
  /// The first bytes of standard output, up to the limit.
  package var output: [UInt8]
  /// The first bytes of standard error, up to the limit.
  package var errorOutput: [UInt8]
  /// Whether either stream held more than the limit.
  package var isTruncated: Bool

  package var outputText: String { String(decoding: output, as: UTF8.self) }
  package var errorText: String { String(decoding: errorOutput, as: UTF8.self) }

  /// Throws unless the exit code is 0, with the last 2,000 bytes of standard error.
  @discardableResult
  package func requireSuccess() throws(ProcessError) -> ProcessResult {
    if status.isSuccess { return self }
    var message = String(decoding: errorOutput.suffix(2000), as: UTF8.self)
    while message.last?.isWhitespace == true { message.removeLast() }
    throw .failed(executable: executable, status: status, message: message)
  }
}
