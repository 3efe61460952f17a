import CLinux
import Foundation

/// The calls of the launcher's own thread.
extension ProcessLauncher {
  /// Starts a child whose output is collected.
  func startCollecting(
    _ command: ChildCommand, outputLimitBytes: Int
  ) throws(ProcessError) -> (child: ChildProcess, streams: (output: OutputCollector, errors: OutputCollector)) {
    guard let output = OutputCollector(limitBytes: outputLimitBytes) else {
      throw .system(call: "pipe2", errno: errno, executable: command.executable)
    }
    defer { output.closeWriteEnd() }
    guard let errors = OutputCollector(limitBytes: outputLimitBytes) else {
      throw .system(call: "pipe2", errno: errno, executable: command.executable)
    }
    defer { errors.closeWriteEnd() }
    let pid = try spawn(command, output: output.writeEnd, errors: errors.writeEnd)
    return (ChildProcess(pid: pid, launcher: self), (output, errors))
  }

  /// Starts a helper: empty standard streams, and the descriptors it is lent from 3 on.
  func startHelper(_ command: ChildCommand, descriptors: [Int32]) throws(ProcessError) -> ChildProcess {
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    guard null >= 0 else { throw .system(call: "open /dev/null", errno: errno, executable: command.executable) }
    defer { close(null) }
    // Out of the way of the numbers they are going to have, so that moving one cannot overwrite another.
    var lent: [Int32] = []
    defer { for descriptor in lent { close(descriptor) } }
    for descriptor in descriptors {
      let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, Int32(3 + descriptors.count))
      guard copy >= 0 else { throw .system(call: "fcntl", errno: errno, executable: command.executable) }
      lent.append(copy)
    }
    let pid = try spawn(command, output: null, errors: null, lent: lent)
    return ChildProcess(pid: pid, launcher: self)
  }

  /// Starts a process on this thread, its input empty. The descriptors stay the caller's; `lent` are the child's from 3
  /// on, and must themselves be above those.
  func spawn(
    _ command: ChildCommand, output: Int32, errors: Int32, lent: [Int32] = []
  ) throws(ProcessError) -> Int32 {
    guard let executable = Self.resolve(command.executable) else { throw .notFound(executable: command.executable) }
    var words: [String] = []
    if command.diesWithParent { words += ["--pdeathsig", "KILL"] }
    // Numbers: setpriv must not look the name up under another C library.
    if let user = command.user { words += ["--reuid=\(user.uid)", "--regid=\(user.gid)", "--init-groups"] }
    let setpriv = "/usr/bin/setpriv"
    let path = words.isEmpty ? executable : setpriv
    guard words.isEmpty || access(setpriv, X_OK) == 0 else { throw .notFound(executable: setpriv) }
    let argv = words.isEmpty ? [command.name ?? executable] : [setpriv] + words + ["--", executable]

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
    for (index, descriptor) in lent.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(3 + index))
    }
    posix_spawn_file_actions_addclosefrom_np(&actions, Int32(3 + lent.count))
    if let folder = command.workingDirectory { posix_spawn_file_actions_addchdir_np(&actions, folder) }

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
    posix_spawnattr_setflags(&attributes, Int16(flags))

    var pid: pid_t = 0
    let status = withCStrings(argv + command.arguments) { argv in
      withCStrings(Self.environment(of: command)) { environment in
        posix_spawn(&pid, path, &actions, &attributes, argv, environment)
      }
    }
    guard status == 0 else { throw .system(call: "posix_spawn", errno: status, executable: command.executable) }
    return pid
  }

  /// The program's path: itself if it has a slash, else the first executable of that name in `PATH`.
  private static func resolve(_ name: String) -> String? {
    if name.contains("/") { return access(name, X_OK) == 0 ? name : nil }
    let folders = (getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
    return folders.lazy.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
  }

  private static func environment(of command: ChildCommand) -> [String] {
    var values: [String: String] = command.inheritsEnvironment ? ProcessInfo.processInfo.environment : [:]
    for (name, value) in command.environment { values[name] = value }
    return values.map { "\($0)=\($1)" }.sorted()
  }
}

/// Lends a null-terminated array of C strings.
private func withCStrings<Result>(
  _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
  let copies = strings.map { strdup($0) } + [nil]
  defer { for copy in copies { free(copy) } }
  return body(copies)
}

/// What the system says about an error number.
func systemMessage(_ number: Int32) -> String { String(cString: strerror(number)) }
