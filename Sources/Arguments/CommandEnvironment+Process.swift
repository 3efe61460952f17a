import Foundation
import TextOutput

extension CommandEnvironment {
  /// That of this process: its standard output and error output, its variables, the system's clocks.
  package static func ofProcess() -> CommandEnvironment {
    let process = ProcessInfo.processInfo
    let variables = process.environment
    // https://no-color.org
    let wantsColour = (variables["NO_COLOR"] ?? "").isEmpty && variables["TERM"] != "dumb"
    let console = Console(
      output: DescriptorStream(STDOUT_FILENO), errors: DescriptorStream(STDERR_FILENO), wantsColour: wantsColour)
    let start = ContinuousClock.now
    return CommandEnvironment(
      console: console, variables: variables, now: { Date() }, uptime: { start.duration(to: .now) },
      coreCount: max(1, process.activeProcessorCount), memoryByteCount: process.physicalMemory, isRoot: getuid() == 0,
      userName: { ProcessInfo.processInfo.userName },
      homeFolder: { FileManager.default.homeDirectoryForCurrentUser.path })
  }
}
