import Arguments
import Foundation
import IsolatedDecoding
import Processes

/// The program `lectern` as a whole: what its executable runs.
package enum LecternProgram {
  /// Runs the command line and ends the process with its exit code.
  package static func main() async -> Never {
    if CommandLine.arguments.dropFirst().first == IsolationSettings.command { DecoderMain.run() }
    // Most commands hold pictures, ids or secrets at some time; a decoder does the same once it has made its own limits.
    do throws(ProcessError) {
      try ProcessMemory.keepPrivate()
    } catch {
      Terminal.note("lectern: \(error)\n")
      exit(1)
    }
    signal(SIGPIPE, SIG_IGN)
    exit(await Lectern.program.run(Array(CommandLine.arguments.dropFirst())))
  }
}
