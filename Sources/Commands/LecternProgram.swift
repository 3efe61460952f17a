package import Arguments
import Foundation
import IsolatedDecoding
import Processes
import TextOutput

/// The program `lectern` as a whole: what its executable runs.
package enum LecternProgram {
  /// Starts the command line, which ends the process with its exit code. For the main thread, which serves the main
  /// queue from then on.
  package static func start() {
    StandardDescriptors.occupy()
    if CommandLine.arguments.dropFirst().first == IsolationSettings.command { DecoderMain.run() }
    let environment = CommandEnvironment.ofProcess()
    // Most commands hold pictures, ids or secrets at some time; a decoder does the same once it has made its own
    // limits.
    do throws(ProcessError) {
      try ProcessMemory.keepPrivate()
    } catch {
      environment.console.note("lectern: \(error)\n")
      exit(1)
    }
    signal(SIGPIPE, SIG_IGN)
    Task { exit(await Program(Lectern.self, in: environment).run(CommandWord.ofProcess())) }
  }

  /// Runs one command line, without the program's name, and returns its exit code.
  package static func run(_ arguments: [String], in environment: CommandEnvironment) async -> Int32 {
    await Program(Lectern.self, in: environment).run(arguments.map { CommandWord($0) })
  }
}
