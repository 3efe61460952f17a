import Foundation
import Processes
import TextOutput

extension CommandEnvironment {
  /// That of this process: its standard output and error output, its variables, the system's clocks.
  package static func ofProcess() -> CommandEnvironment {
    let variables = ProcessInfo.processInfo.environment
    // https://no-color.org
    let wantsColour = (variables["NO_COLOR"] ?? "").isEmpty && variables["TERM"] != "dumb"
    let console = Console(
      output: DescriptorStream(STDOUT_FILENO), errors: DescriptorStream(STDERR_FILENO), wantsColour: wantsColour)
    let start = ContinuousClock.now
    return CommandEnvironment(
      console: console, variables: variables, now: { Date() }, uptime: { start.duration(to: .now) },
      resources: .ofProcess(), isRoot: getuid() == 0,
      userName: { ProcessInfo.processInfo.userName },
      homeFolder: { FileManager.default.homeDirectoryForCurrentUser.path },
      inputLine: { inputLine() })
  }

  /// Bytes, since an id is its bytes: Swift's `readLine` mends what is no UTF-8. One at a time, so that the rest of the
  /// input is left for whoever reads next.
  private static func inputLine() -> [UInt8]? {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while true {
      switch read(STDIN_FILENO, &byte, 1) {
      case 1 where byte == UInt8(ascii: "\n"): return line
      case 1: line.append(byte)
      case -1 where errno == EINTR: continue
      default: return line.isEmpty ? nil : line
      }
    }
  }
}
