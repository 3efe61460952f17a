import Foundation
import Processes
import Testing

@Suite struct ProcessLauncherTests {
  private let launcher = ProcessLauncher()

  private func shell(_ script: String, _ arguments: String...) -> ChildCommand {
    ChildCommand("sh", ["-c", script, "sh"] + arguments)
  }

  @Test func collectsBothStreamsAndTheStatus() async throws {
    let result = try await launcher.run(shell("echo \"$1\"; echo bad >&2; exit 3", "a b"), deadline: .seconds(30))
    #expect(result.outputText == "a b\n")
    #expect(result.errorText == "bad\n")
    #expect(result.status == .exited(3))
  }

  @Test func cutsLongOutput() async throws {
    let command = shell("head -c 300000 /dev/zero")
    let whole = try await launcher.run(command, deadline: .seconds(30))
    #expect(whole.output == [UInt8](repeating: 0, count: 300_000))
    let cut = try await launcher.run(command, outputLimitBytes: 1000, deadline: .seconds(30))
    #expect(cut.output.count == 1000)
    #expect(cut.status.isSuccess)
  }

  @Test func inputIsEmpty() async throws {
    #expect(try await launcher.run(ChildCommand("cat"), deadline: .seconds(30)).output.isEmpty)
  }

  @Test func reportsMissingPrograms() async {
    await #expect(throws: ProcessError.notFound(executable: "no-such-program")) {
      try await launcher.run(ChildCommand("no-such-program"), deadline: .seconds(30))
    }
    await #expect(throws: ProcessError.notFound(executable: "/no/such/program")) {
      try await launcher.launch(ChildCommand("/no/such/program"), log: "/dev/null")
    }
  }

  @Test func theDeadlineKillsTheWholeGroup() async throws {
    let path = NSTemporaryDirectory() + "lectern-group-\(UUID().uuidString)"
    defer { unlink(path) }
    let command = shell("sleep 600 & echo $! > \"$1\"; wait", path)
    await #expect(throws: ProcessError.deadlineExceeded(executable: "sh", deadline: .milliseconds(500))) {
      try await launcher.run(command, deadline: .milliseconds(500))
    }
    let grandchild = try #require(Int32(try String(contentsOfFile: path, encoding: .utf8).dropLast()))
    try await expectEnd(of: grandchild)
  }

  @Test func cancellationKills() async {
    let task = Task { try await launcher.run(shell("sleep 600"), deadline: .seconds(600)) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func anInheritedPipeDoesNotHoldUsUp() async throws {
    // The daemon leaves the group and keeps the pipe; it ends soon by itself.
    let result = try await launcher.run(shell("setsid sleep 5 & echo done"), deadline: .seconds(3))
    #expect(result.outputText == "done\n")
  }

  @Test func startsWithACleanSlate() async throws {
    let status = try await launcher.run(ChildCommand("cat", ["/proc/self/status"]), deadline: .seconds(30)).outputText
    // 32 and 33 belong to the C library, which lets nobody touch them.
    for mask in ["SigBlk", "SigIgn"] {
      let line = status.split(separator: "\n").first { $0.hasPrefix("\(mask):") }
      let bits = try #require(line.flatMap { UInt64($0.split(separator: "\t")[1], radix: 16) })
      #expect(bits & ~(3 << 31) == 0, "\(mask)")
    }
    let descriptors = try await launcher.run(ChildCommand("ls", ["/proc/self/fd"]), deadline: .seconds(30)).outputText
    // 3 is the folder that ls itself reads.
    #expect(descriptors.split(separator: "\n") == ["0", "1", "2", "3"])
  }

  @Test func setsEnvironmentAndFolder() async throws {
    let command = ChildCommand(
      "sh", ["-c", "pwd; echo \"$LECTERN_TEST_A-${HOME-none}\""], environment: ["LECTERN_TEST_A": "x y", "HOME": nil],
      workingDirectory: "/usr")
    #expect(try await launcher.run(command, deadline: .seconds(30)).outputText == "/usr\nx y-none\n")
  }

  @Test(.enabled(if: geteuid() == 0, "only root may change the user"))
  func runsAsAnotherUser() async throws {
    let command = ChildCommand("sh", ["-c", "id -un; id -u"], user: SystemUser("nobody"))
    #expect(try await launcher.run(command, deadline: .seconds(30)).outputText == "nobody\n65534\n")
    #expect(SystemUser("no-such-user") == nil)
  }

  /// Waits until a process is gone or only a zombie.
  private func expectEnd(of pid: Int32) async throws {
    for _ in 0..<1000 {
      let stat = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
      if stat.isEmpty || stat.contains(") Z ") { return }
      try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record("process \(pid) still runs")
  }

  // MARK: long-lived children

  @Test func aLongLivedChildEndsWhenAsked() async throws {
    let path = NSTemporaryDirectory() + "lectern-child-\(UUID().uuidString)"
    defer { unlink(path) }
    let script = "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.02; done"
    let child = try await launcher.launch(shell(script), log: path)
    #expect(child.exitStatus == nil)
    while (try? String(contentsOfFile: path, encoding: .utf8)) != "ready\n" {
      try await Task.sleep(for: .milliseconds(5))
    }
    #expect(await child.terminate(grace: .seconds(30)) == .exited(7))
    #expect(await child.waitForExit() == .exited(7))
    #expect(child.exitStatus == .exited(7))
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "ready\nbye\n")
    child.send(SIGKILL)
  }

  @Test func theGraceEndsInAKill() async throws {
    let path = NSTemporaryDirectory() + "lectern-child-\(UUID().uuidString)"
    defer { unlink(path) }
    let child = try await launcher.launch(
      shell("trap '' TERM; echo ready; while :; do sleep 0.02; done"), log: path)
    while (try? String(contentsOfFile: path, encoding: .utf8)) != "ready\n" {
      try await Task.sleep(for: .milliseconds(5))
    }
    #expect(await child.terminate(grace: .milliseconds(50)) == .signalled(SIGKILL))
  }

  @Test func childrenDieWithTheirParent() async throws {
    // A process of its own starts a child and ends by SIGKILL: the kernel must end the child.
    let path = NSTemporaryDirectory() + "lectern-orphan-\(UUID().uuidString)"
    setenv("LECTERN_TEST_ORPHAN", path, 1)
    defer {
      unsetenv("LECTERN_TEST_ORPHAN")
      unlink(path)
    }
    await #expect(processExitsWith: .signal(SIGKILL)) {
      let path = String(cString: getenv("LECTERN_TEST_ORPHAN"))
      let child = try await ProcessLauncher().launch(ChildCommand("sleep", ["600"]), log: "/dev/null")
      while (try? String(contentsOfFile: "/proc/\(child.pid)/comm", encoding: .utf8)) != "sleep\n" {
        try await Task.sleep(for: .milliseconds(5))
      }
      try "\(child.pid)".write(toFile: path, atomically: true, encoding: .utf8)
      kill(getpid(), SIGKILL)
    }
    let orphan = try #require(Int32(try String(contentsOfFile: path, encoding: .utf8)))
    try await expectEnd(of: orphan)
  }
}
