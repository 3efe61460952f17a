package import Processes
package import TextOutput

package import struct Foundation.Date

/// What a command has of the process, machine and user it runs on and as: it asks for nothing else of them.
package struct CommandEnvironment: Sendable {
  package var console: Console
  /// The environment variables.
  package var variables: [String: String]
  /// The time of day.
  package var now: @Sendable () -> Date
  /// A clock that never goes back, from an arbitrary start: whatever is handed an `uptime` measures times by it.
  package var uptime: @Sendable () -> Duration
  /// What this process may use of the machine.
  package var resources: ProcessResources
  package var isRoot: Bool
  /// Asked of the system when it is needed, since a directory service may be slow to answer.
  package var userName: @Sendable () -> String
  /// The user's home folder; asked as the name is.
  package var homeFolder: @Sendable () -> String
  /// The next line of standard input, as bytes without its line feed; nil at the end. Blocks.
  package var inputLine: @Sendable () -> [UInt8]?

  package init(
    console: Console, variables: [String: String], now: @escaping @Sendable () -> Date,
    uptime: @escaping @Sendable () -> Duration, resources: ProcessResources, isRoot: Bool,
    userName: @escaping @Sendable () -> String, homeFolder: @escaping @Sendable () -> String,
    inputLine: @escaping @Sendable () -> [UInt8]? = { nil }
  ) {
    (self.console, self.variables, self.now, self.uptime) = (console, variables, now, uptime)
    (self.resources, self.isRoot) = (resources, isRoot)
    (self.userName, self.homeFolder, self.inputLine) = (userName, homeFolder, inputLine)
  }
}
