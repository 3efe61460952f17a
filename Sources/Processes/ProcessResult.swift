/// What a child that ran to its end left behind.
package struct ProcessResult: Sendable, Equatable {
  package var status: ExitStatus
  /// The first bytes of standard output, up to the limit.
  package var output: [UInt8]
  /// The first bytes of standard error, up to the limit.
  package var errorOutput: [UInt8]

  package var outputText: String { String(decoding: output, as: UTF8.self) }
  package var errorText: String { String(decoding: errorOutput, as: UTF8.self) }
}
