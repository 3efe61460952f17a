package import Arguments
import Processes
import TextOutput

package import struct Foundation.Date

/// An environment for commands without a process: its outputs are kept, its clocks stand still.
package struct MemoryConsole: Sendable {
  package let output: MemoryStream
  package let errors: MemoryStream
  package var environment: CommandEnvironment

  /// - Parameter terminal: the size of the terminal that both outputs are; nil for files or pipes.
  package init(
    variables: [String: String] = [:], terminal: (columns: Int, rows: Int)? = nil,
    now: Date = Date(timeIntervalSince1970: 1_764_000_000)
  ) {
    (output, errors) = (MemoryStream(size: terminal), MemoryStream(size: terminal))
    environment = CommandEnvironment(
      console: Console(output: output, errors: errors), variables: variables, now: { now }, uptime: { .zero },
      resources: ProcessResources(processors: 2, memoryByteCount: 8_000_000_000), isRoot: false, userName: { "tester" },
      homeFolder: { "/nowhere" })
  }
}
