/// What to start, and as whom.
package struct ChildCommand: Sendable, Equatable {
  /// A path with a slash, or a name looked up in `PATH`.
  package var executable: String
  /// The arguments after the program's name.
  package var arguments: [String]
  /// What the child is told its name is, and lists of processes show; nil repeats `executable`. Only for a child that
  /// neither changes its user nor dies with its parent by the launcher's doing.
  package var name: String?
  /// Variables set over the inherited environment; nil removes one.
  package var environment: [String: String?]
  /// Whether the parent's environment is passed on at all.
  package var inheritsEnvironment: Bool
  /// The child's working directory; nil keeps the parent's.
  package var workingDirectory: String?
  /// The user to run as, with that user's groups; needs root. nil keeps the parent's.
  package var user: SystemUser?
  /// Whether the kernel kills the child (SIGKILL) once the launcher is gone, however the parent ended.
  package var diesWithParent: Bool

  package init(
    _ executable: String, _ arguments: [String] = [], environment: [String: String?] = [:],
    inheritsEnvironment: Bool = true, workingDirectory: String? = nil, user: SystemUser? = nil,
    diesWithParent: Bool = true, name: String? = nil
  ) {
    precondition(name == nil || (user == nil && !diesWithParent), "the program that is started first has its own name")
    self.name = name
    (self.executable, self.arguments) = (executable, arguments)
    (self.environment, self.inheritsEnvironment) = (environment, inheritsEnvironment)
    (self.workingDirectory, self.user, self.diesWithParent) = (workingDirectory, user, diesWithParent)
  }
}

/// How a process ended.
package enum ExitStatus: Sendable, Equatable, CustomStringConvertible {
  case exited(Int32)
  case signalled(Int32)

  /// From `waitpid`'s status word (the macros of wait(2), which Swift does not import).
  init(waitStatus: Int32) {
    self = waitStatus & 0x7f == 0 ? .exited((waitStatus >> 8) & 0xff) : .signalled(waitStatus & 0x7f)
  }

  package var isSuccess: Bool { self == .exited(0) }

  package var description: String {
    switch self {
    case .exited(let code): "exit code \(code)"
    case .signalled(let signal): "signal \(signal)"
    }
  }
}
