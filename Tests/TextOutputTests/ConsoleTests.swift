import Arguments
import ArgumentsTestSupport
import Foundation
import Synchronization
import Testing
import TextOutput

@Suite struct ConsoleTests {
  @Test func dataAndNotesGoTheirOwnWays() {
    let memory = MemoryConsole()
    let console = memory.environment.console
    #expect(console.print("data\n"))
    console.note("a note\n")
    #expect(memory.output.text == "data\n" && memory.errors.text == "a note\n")
    #expect(console.outputFailure == nil)
  }

  @Test func theFirstTextThatWasLostIsRemembered() {
    let memory = MemoryConsole()
    let console = memory.environment.console
    let full = TextStreamError(code: ENOSPC, description: "No space left on device")
    memory.output.fail(full)
    memory.errors.fail(TextStreamError(code: EPIPE, description: "Broken pipe"))
    #expect(!console.print("lost"))
    console.note("nobody hears of it")
    #expect(console.outputFailure == full)
    memory.output.fail(TextStreamError(code: EIO, description: "Input/output error"))
    #expect(!console.print("lost too"))
    #expect(console.outputFailure == full)
    #expect(memory.output.texts.isEmpty)
  }

  @Test func jsonIsSortedAndCannotSteerATerminal() throws {
    let memory = MemoryConsole()
    let value = ["z": "a/b", "a": "\u{1B}[2J\u{202E}é\n"]
    try memory.environment.console.printLine(json: value)
    try memory.environment.console.print(json: value)
    #expect(memory.output.texts[0] == #"{"a":"\u001b[2J\u202eé\n","z":"a/b"}"# + "\n")
    #expect(memory.output.texts[1] == "{\"a\":\"\\u001b[2J\u{202E}é\\n\",\"z\":\"a/b\"}\n")
  }

  @Test func aDescriptorTakesWholeTextsAndSaysWhyNot() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    signal(SIGPIPE, SIG_IGN)
    let stream = DescriptorStream(ends[1])
    #expect(!stream.isTerminal && stream.size == nil && !stream.isAbandoned)
    try stream.write("über\n")
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = read(ends[0], &bytes, bytes.count)
    #expect(String(decoding: bytes.prefix(count), as: UTF8.self) == "über\n")
    close(ends[0])
    #expect(stream.isAbandoned)
    #expect(throws: TextStreamError(code: EPIPE, description: String(cString: strerror(EPIPE)))) {
      try stream.write("nobody reads")
    }
    close(ends[1])
    #expect(throws: TextStreamError.self) {
      try DescriptorStream(open("/dev/full", O_WRONLY | O_CLOEXEC)).write("no room")
    }
  }

  @Test func textsOfManyThreadsNeverInterleave() async throws {
    let path = NSTemporaryDirectory() + "lectern-texts-\(UUID().uuidString)"
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    defer {
      close(descriptor)
      unlink(path)
    }
    let stream = DescriptorStream(descriptor)
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<8 {
        group.addTask { for number in 0..<50 { try? stream.write("task \(task) wrote \(number)\n") } }
      }
    }
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 400 && lines.allSatisfy { $0.wholeMatch(of: #/task \d wrote \d+/#) != nil })
  }
}

@Suite struct TextTests {
  @Test func tablesAlign() {
    let table = TextTable(["name", "count", "note"], leading: 1, last: .text)
    #expect(
      table.text([["a", "10", "first"], ["long", "7", ""]]) == """
        name  count  note
        a        10  first
        long      7  

        """)
    #expect(TextTable(["n", "count"], leading: 1).text([["abc", "7"]]) == "n    count\nabc      7\n")
  }

  @Test func linesAreBrokenAtBlanks() {
    #expect("  one two three".wrapped(columns: 9, indent: 4) == ["  one two", "    three"])
    #expect("unbreakable".wrapped(columns: 3) == ["unbreakable"])
    #expect("".wrapped() == [""])
  }
}

@Suite struct ProgressLineTests {
  /// A clock that the test moves.
  private final class Clock: Sendable {
    private let time = Mutex(Duration.zero)
    func advance(_ step: Duration) { time.withLock { $0 += step } }
    var now: Duration { time.withLock(\.self) }
  }

  @Test func aTerminalSeesABarAtMostTenTimesASecond() {
    let memory = MemoryConsole(terminal: (80, 24))
    let clock = Clock()
    let line = ProgressLine(total: 3, on: memory.environment.console) { clock.now }
    line.update(done: 1, note: "done")
    line.update(done: 2, note: "too soon")
    clock.advance(.milliseconds(101))
    line.update(done: 2, note: "done")
    line.update(done: 3, note: "done")
    line.finish()
    line.update(done: 3, note: "too late")
    line.finish()
    let bars = [10, 20, 30].map { String(repeating: "█", count: $0) + String(repeating: "░", count: 30 - $0) }
    #expect(
      memory.errors.texts
        == (0..<3).map { "\r\u{1B}[2K\(bars[$0]) \($0 + 1)/3 done" } + ["\n"])
    #expect(memory.output.texts.isEmpty)
  }

  @Test func nothingIsDrawnElsewhereOrUnasked() {
    for (terminal, isWanted) in [(nil, true), ((80, 24), false)] as [((Int, Int)?, Bool)] {
      let memory = MemoryConsole(terminal: terminal)
      let line = ProgressLine(total: 1, on: memory.environment.console, isWanted: isWanted) { .zero }
      line.update(done: 1, note: "done")
      line.finish()
      #expect(memory.errors.texts.isEmpty)
    }
  }
}
