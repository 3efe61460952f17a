import Arguments
import ArgumentsTestSupport
import Commands
import Foundation
import Testing

/// Command lines that need no server, run in memory.
@Suite struct ProgramTests {
  @Test func version() async {
    let run = await CommandLineRun("--version")
    #expect((run.code, run.output, run.errors) == (0, "lectern 0.1.0\n", ""))
  }

  /// The help of every command there is, one after the other.
  @Test func helpOfEveryCommand() async throws {
    var text = ""
    var waiting = [[String]()]
    while !waiting.isEmpty {
      let path = waiting.removeFirst()
      let run = await CommandLineRun(path + ["--help"])
      #expect(run.code == 0 && run.errors.isEmpty)
      text += "$ \((["lectern"] + path + ["--help"]).joined(separator: " "))\n\(run.output)\n"
      waiting += CommandNames.below(run.output).map { path + [$0] }
    }
    try expect(text, equals: "help.txt")
  }

  @Test(arguments: [
    (["wroker"], "unknown command 'wroker'; did you mean 'worker'?", "lectern"),
    (["worker", "--stream", "2"], "unknown option '--stream'; did you mean '--streams'?", "lectern worker"),
    (["ledger", "shwo"], "unknown command 'shwo'; did you mean 'show'?", "lectern ledger"),
    (["publish"], "missing <path>...", "lectern publish"),
    (
      ["publish", "--learners", "0", "x"],
      "--learners is from 1 to 100000, --segments from 1 to 1000, --count from 1 to 100000000", "lectern publish"
    ),
    (
      ["publish", "--rate", "-1", "x"], "--rate is 0 or from 0.001 to 1000000, --interval from 1ms to 1h",
      "lectern publish"
    ),
    (
      ["demo", "--duration", "10s"], "--duration is from 1m to 1d: each of the six segments needs a frame",
      "lectern demo"
    ),
    (["demo", "--learners", "0"], "--learners is from 1 to 1000", "lectern demo"),
    (["rejects", "list", "--limit", "0"], "--limit is a number from 1 to 100000", "lectern rejects list"),
    (
      ["rejects", "list", "--after", "7"],
      "--after: bad value '7', expected ledger:offset, as a page says where the next one begins",
      "lectern rejects list"
    ),
    (["erase", "--source", "https://lms.example"], "missing --learner", "lectern erase"),
    (
      ["top", "--metrics", "127.0.0.1:9"],
      "--metrics: bad value '127.0.0.1:9', expected an address like http://127.0.0.1:9101", "lectern top"
    ),
    (
      ["tap", "--from", "soon"],
      "--from: bad value 'soon', expected end, beginning, a time like 2026-11-23T10:00:00Z, today, yesterday (in UTC), "
        + "or how long ago, like 10m or 2d", "lectern tap"
    ),
    (
      ["tap", "--partition", "-1"], "--partition: bad value '-1', expected a partition's number, from 0 on",
      "lectern tap"
    ),
    (
      ["report", "run", "stat-101"],
      "<course>: bad value 'stat-101', expected a course's number, which 'lectern report list' prints beside its title",
      "lectern report run"
    ),
    (["classify"], "missing <image>...", "lectern classify"),
    (
      ["classify", "--face-box", "1,2,3", "x.png"],
      "--face-box: bad value '1,2,3', expected x,y,width,height in whole pixels, like 120,80,200,220",
      "lectern classify"
    ),
    (["classify", "--overlay", "x.jpg", "x.png"], "--overlay names a .png file", "lectern classify"),
    (["features", "--out", "x.npy", "x.png"], "--out names a .safetensors file", "lectern features"),
    (["completion", "tcsh"], "<shell>: bad value 'tcsh', expected one of bash, zsh, fish", "lectern completion"),
    (
      ["worker", "--postgres", "nonsense"],
      "--postgres: bad value, expected postgresql://user:password@host:port/database (with %40 for an @ and %2F for a "
        + "/ in the password) or key=value words", "lectern worker"
    ),
  ])
  func wrongCommandLines(words: [String], message: String, command: String) async {
    let run = await CommandLineRun(words)
    #expect(run.code == 64 && run.output.isEmpty)
    #expect(run.errors == "error: \(message)\nsee '\(command) --help'\n")
  }

  @Test(arguments: [[], ["model"], ["ledger"], ["consent"]])
  func aCommandOfSubcommandsShowsItsHelpAsAnError(words: [String]) async {
    let run = await CommandLineRun(words)
    let help = await CommandLineRun(words + ["--help"])
    #expect(run.code == 64 && run.output.isEmpty && run.errors == help.output)
  }

  /// What each command needs is asked for before anything is connected.
  @Test func missingConfigurationIsRefusedAltogether() async throws {
    var text = ""
    for words in [
      ["migrate", "up"], ["migrate", "status"], ["migrate", "verify"], ["worker"], ["aggregate"], ["serve"],
      ["report", "run", "1"], ["report", "list"], ["publish", "x"], ["course", "import", "x"],
      ["consent", "import", "x"], ["consent", "grant", "--source", "s", "--learner", "l"],
      ["consent", "revoke", "--source", "s", "--learner", "l"], ["erase", "--source", "s", "--learner", "l"],
      ["erase", "--source", "s", "--learner", "l", "--yes"], ["consent", "show", "--source", "s", "--learner", "l"],
      ["consent", "list"], ["learner", "show", "--source", "s", "--learner", "l"],
      ["learner", "export", "--source", "s", "--learner", "l"],
      ["ledger", "show"], ["ledger", "accept-gap"], ["ledger", "new-incarnation"], ["rejects", "list"],
      ["rejects", "retry"], ["top"], ["tap"], ["verify"], ["classify", "x.png"],
    ] {
      let run = await CommandLineRun(words)
      #expect(run.code == 78 && run.output.isEmpty, "\(words)")
      text += "$ \((["lectern"] + words).joined(separator: " "))\n\(run.errors)\n"
    }
    try expect(text, equals: "missing-configuration.txt")
  }

  /// What is no id is refused before anybody is asked, and is not shown.
  @Test(arguments: [
    ("", "--learner: standard input ended before it"), ("\n", "--learner: empty"),
    ("ada\r\n", "--learner: contains a control character"),
    ("\u{1F469}\u{85}\n", "--learner: contains a control character"),
  ])
  func anIDFromStandardInputIsJudged(input: String, problem: String) async {
    let console = MemoryConsole(variables: [
      "LECTERN_POSTGRES_URL": "postgresql://127.0.0.1:9/x",
      "LECTERN_PSEUDONYM_SECRET": String(repeating: "s", count: 32),
    ])
    var environment = console.environment
    environment.inputLine = { input.isEmpty ? nil : Array(input.utf8.dropLast()) }
    let code = await LecternProgram.run(["learner", "show", "--source", "s", "--learner", "-"], in: environment)
    #expect(code == 64)
    #expect(console.errors.text == "error: \(problem)\nsee 'lectern learner show --help'\n")
  }

  @Test func everythingWrongWithTheConfigurationIsSaidAtOnce() async {
    let run = await CommandLineRun(
      "verify", "--postgres", "postgresql://u:secret@h/d",
      variables: ["LECTERN_HTTP_PORT": "x", "LECTERN_LOG_LEVEL": "loud", "LECTERN_PSEUDONYM_SECRET": "short"])
    #expect(run.code == 78)
    #expect(run.errors.split(separator: "\n").count == 3)
    for name in ["LECTERN_HTTP_PORT", "LECTERN_LOG_LEVEL", "LECTERN_PSEUDONYM_SECRET"] {
      #expect(run.errors.contains("error: \(name)"))
    }
    #expect(!run.errors.contains("secret@") && !run.errors.contains("short"))
  }

  /// What may hold a login goes to no screen, wherever it was put by mistake.
  @Test(arguments: [
    ["worker", "--kafka", "anna:hunter2@kafka:9092"], ["worker", "--postgres", "postgresql://u:hun@ter2@h/d"],
    ["worker", "--postgres", "postgresql://u:hunter2/x@h/d"],
    ["worker", "--postgres", "postgresql://u:12/hunter2@h/d"],
    ["worker", "--postgres", "host=u:hunter2@h"], ["worker", "--postgres", "host=h port=hunter2"],
  ])
  func aMisplacedPasswordIsNotShown(words: [String]) async {
    let run = await CommandLineRun(words)
    #expect(run.code == 64 && run.errors.contains("bad value, expected"), "\(run.errors)")
    for part in ["hunter2", "ter2"] { #expect(!run.errors.contains(part)) }
    let key = words[1] == "--kafka" ? "LECTERN_KAFKA_BOOTSTRAP_SERVERS" : "LECTERN_POSTGRES_URL"
    let configured = await CommandLineRun(["worker"], variables: [key: words[2]])
    #expect(configured.code == 78 && configured.errors.contains("\(key) (environment): not a valid value"))
    for part in ["hunter2", "ter2"] { #expect(!configured.errors.contains(part)) }
  }

  @Test func aFileThatIsNotThereIsSaidInWords() async {
    let run = await CommandLineRun(
      "course", "import", "nofile.json", variables: ["LECTERN_POSTGRES_URL": "postgresql://127.0.0.1:9/x"])
    #expect(run.code == 64)
    #expect(run.errors.hasPrefix("error: cannot read nofile.json: no such file or directory\n"), "\(run.errors)")
  }

  @Test func aWorkerInTheUnionIsRefused() async throws {
    try await withFolder { folder in
      let run = await CommandLineRun(
        "worker", "--bundle", folder, "--kafka", "127.0.0.1:9", "--postgres", "postgresql://127.0.0.1:9/x",
        variables: [
          "LECTERN_DEPLOYMENT_REGION": "DE", "LECTERN_DEPLOYMENT_PURPOSE": "education",
          "LECTERN_PSEUDONYM_SECRET": String(repeating: "s", count: 32),
        ])
      #expect(run.code == 78 && run.output.isEmpty)
      #expect(run.errors.hasPrefix("error: ") && run.errors.contains("Article 5(1)(f)"))
    }
  }
}

/// The names in a help's list of commands.
enum CommandNames {
  static func below(_ help: String) -> [String] {
    guard help.contains(" <command> --help'") else { return [] }
    let options = ["Arguments:", "Options:", "Help:"]
    return help.components(separatedBy: "\n\n").filter { section in
      !options.contains { section.hasPrefix($0) }
    }.flatMap { section in
      section.split(separator: "\n").compactMap { line in
        line.prefixMatch(of: #/  ([a-z][a-z-]*) {2,}\S/#).map { String($0.output.1) }
      }
    }
  }
}
