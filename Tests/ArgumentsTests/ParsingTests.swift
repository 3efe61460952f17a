import Arguments
import ArgumentsTestSupport
import Foundation
import Testing
import TextOutput

@Suite struct ParsingTests {
  @Test func fillsTheProperties() async {
    let result = await execute(
      "publish", "--rate=2.5", "--mode", "slow", "-l", "a", "--learner", "b,c", "-nq", "--wait-for-each",
      "--course", "x", "--duration", "1m", "one", "two")
    #expect(result.code == 0)
    #expect(result.did == [#"2.5 slow ["a", "b,c"] x 1m true true true ["one", "two"]"#])
    #expect(result.errors.isEmpty)
  }

  @Test func hasDefaults() async {
    let result = await execute("publish", "--course", "x", "p")
    #expect(result.did == [#"1.0 fast [] x - false false false ["p"]"#])
  }

  @Test(arguments: ["-r3", "-r=3", "--rate=3"]) func gluedValues(_ word: String) async {
    let result = await execute("publish", "--course", "x", word, "p")
    #expect(result.did == [#"3.0 fast [] x - false false false ["p"]"#])
  }

  @Test func theLastOfARepeatedOptionCounts() async {
    let result = await execute("publish", "--course", "x", "--course=y", "p")
    #expect(result.did == [#"1.0 fast [] y - false false false ["p"]"#])
  }

  @Test func twoDashesEndTheOptions() async {
    let result = await execute("publish", "--course", "x", "a", "--", "--rate", "-", "--")
    #expect(result.did == [#"1.0 fast [] x - false false false ["a", "--rate", "-", "--"]"#])
  }

  @Test func anEmptyValueAndOneWithADash() async {
    let result = await execute("publish", "--course=", "--learner=-x", "p")
    #expect(result.did == [#"1.0 fast ["-x"]  - false false false ["p"]"#])
  }

  @Test func negativeNumbersAreNoOptions() async {
    #expect(await execute("model", "info", "-5").did == ["info -5 7"])
    #expect(await execute("model", "info", "1", "-2").did == ["info 1 -2"])
    #expect(await execute("publish", "-r", "-3", "--course", "x", "p").code == 0)
  }

  @Test func optionsOverrideConfiguration() async {
    let result = await execute(
      "publish", "--course", "x", "-p", "81", "--port=82", "--config", "/f", "p")
    #expect(
      result.did.dropFirst() == [
        "LECTERN_CONFIG=/f from --config", "LECTERN_HTTP_PORT=82 from --port",
      ])
  }

  @Test func nothingOfOneRunReachesTheNext() async {
    _ = await execute("publish", "--course", "x", "-l", "a", "--rate", "9", "p")
    #expect(await execute("publish", "--course", "y", "q").did == [#"1.0 fast [] y - false false false ["q"]"#])
  }

  @Test(arguments: [
    (["publish", "p"], "missing --course"),
    (["publish"], "missing --course, <path>..."),
    (["publish", "--cuorse", "x"], "unknown option '--cuorse'; did you mean '--course'?"),
    (["publish", "--hlep"], "unknown option '--hlep'; did you mean '--help'?"),
    (["publish", "-z"], "unknown option '-z'"),
    (["publish", "--rate", "quick"], "--rate: bad value 'quick', expected a number, like 0.5"),
    (["publish", "--mode", "medium"], "--mode: bad value 'medium', expected one of fast, slow"),
    (["publish", "--port", "70000"], "--port: bad value '70000', expected 0 to 65535"),
    (["publish", "--pin", "hunter2"], "--pin: bad value, expected a whole number"),
    (["publish", "--dry-run=yes"], "--dry-run takes no value"),
    (["publish", "--course"], "--course needs a value (write --course=VALUE if it starts with a dash)"),
    (["publish", "--course", "--dry-run"], "--course needs a value (write --course=VALUE if it starts with a dash)"),
    (["publish", "--no-dry-run"], "unknown option '--no-dry-run'; did you mean '--dry-run'?"),
    (["publish", "--course", "x", "-l", "nobody", "p"], "nobody is no learner"),
  ])
  func wrongUsage(_ words: [String], _ message: String) async {
    let console = MemoryConsole()
    let code = await Program(Root.self, in: console.environment).run(words.map { CommandWord($0) })
    #expect(code == 64)
    #expect(console.output.texts.isEmpty)
    #expect(console.errors.texts == ["error: \(message)\nsee 'lectern publish --help'\n"])
  }

  @Test func wrongCommands() async {
    #expect(
      await execute("pubilsh").errors
        == "error: unknown command 'pubilsh'; did you mean 'publish'?\nsee 'lectern --help'\n")
    #expect(await execute("model", "xxxx").errors == "error: unknown command 'xxxx'\nsee 'lectern model --help'\n")
    #expect(
      await execute("model", "info", "1", "2", "3").errors
        == "error: unexpected argument '3'\nsee 'lectern model info --help'\n")
  }

  @Test(arguments: [(ENOSPC, 1, "error: the output is not whole: why\n"), (EPIPE, 141, "")])
  func lostOutputIsAFailureWithoutAWordWhereItsReaderHasGone(number: Int32, code: Int32, errors: String) async {
    let console = MemoryConsole()
    console.output.fail(TextStreamError(code: number, description: "why"))
    #expect(await Program(Root.self, in: console.environment).run(["model", "train"]) == code)
    #expect(console.errors.text == errors)
  }

  /// A command that has failed says so itself, and its output is not whole all the same.
  @Test(arguments: [(ENOSPC, "error: the output is not whole: why\n"), (EPIPE, "")])
  func lostOutputOfACommandThatFailsIsSaidToo(number: Int32, errors: String) async {
    let console = MemoryConsole()
    console.output.fail(TextStreamError(code: number, description: "why"))
    let words: [CommandWord] = ["publish", "--course", "x", "-l", "broken", "p"]
    #expect(await Program(Root.self, in: console.environment).run(words) == 9)
    #expect(console.errors.text == errors)
  }

  /// A command that waits for more to print sees that its reader has gone without printing.
  @Test func aCommandThatNobodyReadsAnyMoreEndsAsSIGPIPEWould() async {
    let run = await execute("publish", "--course", "x", "-l", "abandoned", "p")
    #expect(run.code == 141 && run.errors.isEmpty)
  }

  @Test(arguments: ["--version", "-V", "-v", "version"]) func everySpellingOfTheVersion(word: String) async {
    let run = await execute(word)
    #expect(run.code == 0 && run.output == "lectern 1.2.3\n")
  }

  @Test func wordsAreBytes() {
    let word = CommandWord(bytes: Array("--path=caf".utf8) + [0xE9])
    #expect(word.text == "--path=caf\u{FFFD}")
    #expect(CommandWord("caf\u{E9}") != CommandWord("cafe\u{301}"))
  }

  @Test func exitCodes() async {
    #expect(await execute("publish", "--course", "x", "-l", "broken", "p").code == 9)
    let late = await execute("publish", "--course", "x", "-l", "late", "p")
    #expect(late.code == 1)
    #expect(late.errors.hasPrefix("error: "))
    let refused = await execute("publish", "--course", "x", "-l", "misconfigured", "p")
    #expect(refused.code == 78)
    #expect(refused.errors == "error: LECTERN_X: bad; mend it\n")
  }
}

@Suite struct HelpTests {
  @Test func aCommand() async {
    let result = await execute("publish", "--help")
    #expect(result.code == 0)
    #expect(
      result.output == """
        Replay images as frame events.

        Usage: lectern publish [options] --course <course> <path>...

        Frames are sent in the order of their names, which for a recording made by an ordinary camera
        program is the order in which they were taken.

            lectern publish --rate 5 frames/

        Arguments:
          <path>...                   images or folders

        Options:
          -r, --rate <fps>            frames a second (default: 1.0)
          --mode <mode>               how to send (fast|slow; default: fast)
          -l, --learner <learner>     a learner to play (repeatable)
          --course <course>           the course (required)
          --duration <duration>       ends after
          --data-dir <data-dir>       where to keep things
          -n, --dry-run               send nothing
          -q, --quiet                 say nothing
          --wait-for-each             wait for each frame's acknowledgement, which is slower, but the only
                                      way to know for sure

        Configuration:
          --config <file>             file of KEY=VALUE lines, read below the environment (LECTERN_CONFIG)
          -p, --port <port>           port of the server (default: 8080; LECTERN_HTTP_PORT)
          --pin <pin>                 a number to hide (LECTERN_PIN)

        Help:
          -h, --help                  show this help

        """)
    #expect(result.output.split(separator: "\n").allSatisfy { $0.count <= 100 })
  }

  @Test func theRootListsGroups() async {
    let result = await execute("--help")
    #expect(result.output.contains("Events:\n  publish                     Replay images as frame events.\n"))
    #expect(result.output.contains("Networks:\n  model                       Train and look at networks.\n"))
    #expect(result.output.contains("--version"))
    #expect(await execute("help").output == result.output)
  }

  @Test func everyWayOfAsking() async {
    let help = await execute("model", "train", "--help").output
    #expect(help.hasPrefix("Train it's network"))
    #expect(await execute("help", "model", "train").output == help)
    #expect(await execute("model", "help", "train").output == help)
    #expect(await execute("model", "train", "-h").output == help)
    #expect(await execute("help", "nothing").code == 64)
  }

  @Test func aCommandWithoutSubcommandShowsHelpAsAnError() async {
    let result = await execute("model")
    #expect(result.code == 64)
    #expect(result.errors.contains("Usage: lectern model <command>"))
    #expect(result.output.isEmpty)
  }

  @Test func version() async {
    #expect(await execute("--version").output == "lectern 1.2.3\n")
    #expect(await execute("publish", "--version").code == 64)
  }
}
