import Foundation
import ImageIO
import LearningEvents
import Processes
import TestSupport
import Testing
import Vision

extension Operators {
  /// Where the program's output goes, whatever that is: full disks, pipes, closed descriptors, names that are no text.
  @Suite(
    .enabled(if: builtExecutable != nil && PostgresTestServer.isWanted, "LECTERN_TEST_EXECUTABLE names no program"))
  struct OutputTests {
    /// Runs a script of bash in which `$0` is the program and `$1` and so on are the words.
    private func bash(
      _ script: String, _ words: [String] = [], in bench: IngestBench? = nil
    ) async throws -> (status: Processes.ExitStatus, output: String, errors: String) {
      let command = ChildCommand(
        "/bin/bash", ["-c", script, try #require(builtExecutable)] + words,
        environment: bench?.programEnvironment ?? [:])
      let result = try await ProcessLauncher().run(command, outputLimitBytes: 1 << 22, deadline: .seconds(300))
      return (result.status, result.outputText, result.errorText)
    }

    /// Every command without subcommands, by the texts of help that CommandsTests keeps.
    private func commands() throws -> Set<String> {
      let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../CommandsTests/Expected/help.txt")
      let text = try String(contentsOf: file, encoding: .utf8)
      let usages = text.matches(of: #/\$ lectern ?([a-z -]*?) ?--help\n(?:.*\n)*?Usage: (.*)\n/#)
      return Set(usages.filter { !$0.output.2.hasSuffix("<command>") }.map { String($0.output.1) })
    }

    /// What each command prints with; those without words print too late, or nothing, and are asked for their help.
    private func words(_ folder: URL, _ bench: IngestBench) -> [String: [String]?] {
      let examples = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/events/examples")
      let model = folder.appending(path: "model").path
      let picture = folder.appending(path: "picture.png").path
      let learner = ["--source", IngestBench.source.text, "--learner", "anna"]
      return [
        "demo": nil, "doctor": [], "migrate up": [], "migrate status": [], "migrate verify": [], "worker": nil,
        "aggregate": nil, "serve": nil, "report run": ["1"], "report list": [],
        "classify": ["--model", model, picture],
        "features": ["--model", model, "-o", folder.appending(path: "out.safetensors").path, picture],
        "dataset import": nil, "dataset split": nil, "dataset stats": nil, "dataset synthesize": nil,
        "model info": [model], "model import": nil, "publish": ["--source", IngestBench.source.text, picture],
        "course import": [examples.appending(path: "course.json").path],
        "consent import": [examples.appending(path: "consent.json").path], "consent grant": learner,
        "consent list": [], "consent publish": learner, "consent revoke": learner, "consent show": learner,
        "erase": learner,
        "events check": [examples.appending(path: "course.json").path], "learner export": learner,
        "learner show": learner, "ledger show": [], "ledger accept-gap": nil,
        "ledger new-incarnation": nil, "rejects list": [], "rejects retry": nil, "top": ["--once"],
        "tap": ["--from", "beginning", "--count", "1"], "verify": [], "audit list": [], "config": [],
        "completion": ["bash"],
      ]
    }

    /// A pipe whose reader has gone, as the output of a program.
    private static let closedPipe = "exec 3> >(exec true); wait $!; exec \"$0\" \"$@\" >&3"

    /// On a full disk with a message, and without a word where nobody reads any more.
    @Test(.timeLimit(.minutes(15))) func everyCommandFailsWhereItsOutputIsNotWhole() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        let fixture = try InspectionFixture()
        let picture = GrayImage(width: 64, height: 64, repeating: 9)
        _ = try fixture.write("picture.png", PNGEncoder().encode(picture))
        try await bench.send(
          IngestBench.frame(session: "s0", sequence: 0), image: IngestPictures.picture(0), partition: 0)
        try await bench.apply([IngestBench.courseEvent()])
        let words = words(fixture.folder, bench)
        let names = try commands()
        #expect(names.count > 20 && names == Set(words.keys), "\(names.symmetricDifference(words.keys))")
        for name in names.sorted() {
          let command = name.split(separator: " ").map(String.init)
          var lines = [command + ["--help"]]
          if let more = words[name] ?? nil { lines.append(command + more) }
          for line in lines {
            let run = try await bash("exec \"$0\" \"$@\" >/dev/full", line, in: bench)
            let lost = "error: the output is not whole: No space left on device"
            #expect(run.status == .exited(1) && run.errors.contains(lost), "\(line): \(run)")
            let unread = try await bash(Self.closedPipe, line, in: bench)
            // Something is always missing here, and a failure of its own stays one.
            let code: Int32 = line == ["doctor"] ? 1 : 141
            #expect(unread.status == .exited(code) && !unread.errors.contains("error:"), "\(line): \(unread)")
          }
        }
      }
    }

    /// As SIGPIPE would end it.
    @Test func aClosedPipeEndsQuietly() async throws {
      for words in [["--help"], ["config"], ["completion", "zsh"], ["model", "info"]] {
        let run = try await bash(Self.closedPipe, words)
        #expect(run.status == .exited(141) && run.errors.isEmpty, "\(words): \(run)")
      }
    }

    /// Drawings are made though nobody reads the lines, and a picture that is none makes it fail all the same.
    @Test func classifyDoesItsOtherWorkWithoutAReader() async throws {
      let fixture = try InspectionFixture()
      let picture = try PNGEncoder().encode(GrayImage(width: 64, height: 64, repeating: 9))
      let pictures = try (1...8).map { try fixture.write("\($0).png", picture) }
      let broken = try fixture.write("broken.jpg", [1, 2, 3])
      let classify = ["classify", "--model", fixture.model]
      let drawn = try await bash(Self.closedPipe, classify + ["--overlay", fixture.path("out.png")] + pictures)
      #expect(drawn.status == .exited(141), "\(drawn)")
      for number in 1...8 { #expect(FileManager.default.fileExists(atPath: fixture.path("out-\(number).png"))) }
      #expect(try await bash(Self.closedPipe, classify + pictures).status == .exited(141))
      #expect(try await bash(Self.closedPipe, classify + [broken] + pictures).status == .exited(1))
    }

    /// A pipe with a name, or a descriptor, is one all the same; a full device is not.
    @Test func aPipeWhoseReaderLeavesEndsQuietly() async throws {
      let fixture = try InspectionFixture()
      let picture = try fixture.write(
        "picture.png", PNGEncoder().encode(GrayImage(width: 64, height: 64, repeating: 9)))
      let script = """
        cd "$2"; mkfifo p.safetensors; head -c 1 p.safetensors >/dev/null & \
        "$0" features --model "$1" -o p.safetensors "$3" 2>errors >/dev/null; echo $?; grep -c error: errors
        ln -s /dev/full f.safetensors
        "$0" features --model "$1" -o f.safetensors "$3" 2>errors >/dev/null; echo $?; grep -c error: errors
        """
      let run = try await bash(script, [fixture.model, fixture.folder.path, picture])
      #expect(run.output == "141\n0\n1\n1\n", "\(run)")
    }

    @Test func closedDescriptorsAreNotMistakenForOthers() async throws {
      let run = try await bash("exec \"$0\" config >&-")
      #expect(run.status == .exited(1) && run.errors.contains("not whole: Bad file descriptor"), "\(run)")
      let silent = try await bash("exec \"$0\" config <&- >&- 2>&-")
      #expect(silent.status == .exited(1))
      let readable = try await bash("exec \"$0\" config <&- 2>&-")
      #expect(readable.status == .exited(0) && readable.output.contains("LECTERN_HTTP_PORT"))
      // What such a process opens later has other numbers: root may look.
      guard geteuid() == 0 else { return }
      try await IngestBench.run(partitions: 1) { bench in
        let script = """
          "$0" tap <&- >&- 2>&- & pid=$!
          for try in $(seq 300); do [ "$(ls /proc/$pid/fd | wc -l)" -gt 6 ] && break; sleep 0.1; done
          readlink /proc/$pid/fd/0 /proc/$pid/fd/1 /proc/$pid/fd/2
          kill -KILL $pid
          """
        let seen = try await bash(script, in: bench)
        #expect(seen.output == "/dev/null\n/dev/null\n/dev/null\n", "\(seen)")
      }
    }

    @Test func filesAreWrittenWhereAShellWould() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.apply([IngestBench.courseEvent()])
        let fixture = try InspectionFixture()
        // Devices of its own, or links to those of the machine: a program that replaced them would take them away.
        let script = """
          cd "$1"; mkdir web; ln -s web/report.html link; mkfifo pipe; echo old > shown; chmod 644 shown
          mknod null c 1 3 && echo > null || ln -sf /dev/null null; mknod full c 1 7 && [ -w full ] || ln -sf /dev/full full
          ln -s /dev/stdout out
          for out in link new shown null; do "$0" report run 1 -o "$out" || exit 9; done
          "$0" report run 1 -o >(cat > substituted); wait $!
          echo before > held; "$0" report run 1 -o /dev/fd/3 3>>held
          cat pipe > piped & "$0" report run 1 -o pipe; wait
          [ -L link ] && [ -p pipe ] && [ -c null ] && cmp link piped && stat -c '%n %a' web/report.html new shown
          cmp new substituted && head -n 1 held && tail -n +2 held | cmp - new
          "$0" report run 1 -o out | grep -c '<html'
          "$0" report run 1 -o full; echo $?
          ls | grep -c partial
          """
        let run = try await bash(script, [fixture.folder.path], in: bench)
        #expect(run.output == "web/report.html 600\nnew 600\nshown 644\nbefore\n1\n1\n0\n", "\(run)")
        #expect(run.errors.hasSuffix("error: cannot write full: no space left on device\n"), "\(run.errors)")
        #expect(!run.errors.contains("NSCocoa"))
      }
    }

    /// Whoever may read a report may read the one that replaces it, or it is not replaced: here its owner would be
    /// somebody else. As the user of a private PostgreSQL, who gets at its socket, in the
    /// group of the reports.
    @Test(.enabled(if: geteuid() == 0 && TestTools.path(of: "setpriv") != nil, "takes root and setpriv"))
    func aReportOfSomebodyElseIsNotTakenFromWhoReadsIt() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.apply([IngestBench.courseEvent()])
        let fixture = try InspectionFixture()
        let script = """
          user=postgres; id $user >/dev/null 2>&1 || user=nobody
          cd "$1"; chmod 755 .; cp "$0" program; mkdir web; chgrp 4242 web; chmod 2775 web
          for mode in 664 640 600; do echo old > web/$mode; chown 4243:4242 web/$mode; chmod $mode web/$mode; done
          echo old > web/other; chown 4243:4244 web/other; chmod 664 web/other
          for file in 664 640 600 other; do
            setpriv --reuid $user --regid $user --groups 4242 ./program report run 1 -o web/$file 2>errors; echo $?
            grep -c 'belongs to the user with number 4243, who might' errors
            stat -c '%n %U:%u:%g %a' web/$file | sed "s/ $user:[0-9]*:/ writer:/; s/UNKNOWN://"; grep -c '^old$' web/$file
          done
          ls web | grep -c partial
          """
        let run = try await bash(script, [fixture.folder.path], in: bench)
        let written = "0\n0\nweb/664 writer:4242 664\n0\n"
        let kept = ["640 4243:4242 640", "600 4243:4242 600", "other 4243:4244 664"].map { "1\n1\nweb/\($0)\n1\n" }
        #expect(run.output == written + kept.joined() + "0\n", "\(run)")
      }
    }

    /// Where pipes block, Swift's own threads do not wait: there are as many as cores.
    @Test(.enabled(if: geteuid() == 0, "only root may look")) func aPipeWithoutAReaderHoldsNoSharedThread()
      async throws
    {
      let fixture = try InspectionFixture()
      let picture = try fixture.write(
        "picture.png", PNGEncoder().encode(GrayImage(width: 64, height: 64, repeating: 9)))
      let script = """
        mkfifo "$2/pipe.safetensors"; "$0" features --model "$1" -o "$2/pipe.safetensors" "$3" >/dev/null 2>&1 & pid=$!
        for try in $(seq 600); do
          thread=$(grep -ls wait_for_partner /proc/$pid/task/*/wchan) && break; sleep 0.1
        done
        cat "${thread%wchan}comm"; cat "$2/pipe.safetensors" >/dev/null; wait $pid; echo $?
        """
      let run = try await bash(script, [fixture.model, fixture.folder.path, picture])
      #expect(run.output == "features\n0\n", "\(run)")
    }

    /// Pictures are looked at, drawings and features written, under whatever bytes a file system takes for a name.
    @Test func namesNeedNotBeTexts() async throws {
      let fixture = try InspectionFixture()
      let picture = try fixture.write(
        "picture.png", PNGEncoder().encode(GrayImage(width: 64, height: 64, repeating: 9)))
      let script = """
        cd "$2"; name=$(printf 'caf\\351'); mkdir "$name"; cp "$3" "$name/$name.png"; ln -s elsewhere.png drawn.png
        "$0" classify --json --model "$1" "$name/$name.png" "$name" 2>&1 | grep -c '"status":"no_face"'
        "$0" classify --model "$1" --overlay drawn.png "$name/$name.png" >/dev/null || exit 9
        "$0" features --model "$1" -o "$name.safetensors" "$name" >/dev/null 2>&1 || exit 9
        mkfifo f.safetensors; cat f.safetensors > copy &
        "$0" features --model "$1" -o f.safetensors "$name" >/dev/null 2>&1 || exit 9
        wait; cmp copy "$name.safetensors" && [ -L drawn.png ] && stat -c %a elsewhere.png "$name.safetensors"
        """
      let run = try await bash(script, [fixture.model, fixture.folder.path, picture])
      #expect(run.status == .exited(0) && run.output == "2\n600\n600\n", "\(run)")
    }

    @Test func aFileMayHoldManyConsentsAndAByteOrderMark() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        let events = (0..<12_000).map { number in
          """
          {"specversion":"1.0","id":"c\(number)","source":"\(IngestBench.source.text)","time":"2026-11-01T10:00:00Z",\
          "type":"org.lectern.consent.v1","datacontenttype":"application/json",\
          "data":{"learner_id":"l\(number)","scope":"analytics","granted":true}}
          """
        }
        let path = "/tmp/lectern-consents-\(UInt32.random(in: .min ... .max)).json"
        defer { unlink(path) }
        try Data("\u{FEFF}[\(events.joined(separator: ","))]".utf8).write(to: URL(fileURLWithPath: path))
        let run = try await bench.lectern(["consent", "import", path], deadline: .seconds(300))
        #expect(run.status == .exited(0) && run.output.contains("12000"), "\(run)")
      }
    }

    /// Without address space for a thread Dispatch waits for one without end, whatever signal it has taken. What is
    /// asked is how a worker ends that has come so far as to catch SIGTERM. Under some limits it ends before, under
    /// which of them is the machine's doing; so there are several.
    @Test(.timeLimit(.minutes(10))) func aWorkerWithoutMemoryEndsOnSIGTERM() async throws {
      let script = """
        (ulimit -v $2; exec "$1" >/dev/null 2>&1) & pid=$!
        caught() { sed -n 's/^SigCgt:\\s*//p' /proc/$pid/status 2>/dev/null; }
        until (( 0x$(caught) >> 14 & 1 )); do [ -e /proc/$pid ] || { echo early; exit; }; sleep 0.1; done
        kill -TERM $pid || { echo early; exit; }
        for try in $(seq 600); do [ -e /proc/$pid ] || break; sleep 0.1; done
        kill -KILL $pid 2>/dev/null; wait $pid; echo $?
        """
      var asked = 0
      for kibibytes in [110_000, 120_000, 140_000, 240_000, 250_000, 260_000, 300_000, 350_000] {
        let command = ChildCommand(
          "/bin/bash", ["-c", script, "bash", StubWorkerProcess.executable, "\(kibibytes)"],
          environment: [
            "LECTERN_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9", "LECTERN_POSTGRES_URL": "postgresql://127.0.0.1:9/x",
            "LECTERN_PSEUDONYM_SECRET": String(repeating: "s", count: 40), "LECTERN_SHUTDOWN_GRACE": "1s",
          ])
        let end = try await ProcessLauncher().run(command, deadline: .seconds(300)).outputText
        #expect(["0\n", "1\n", "early\n"].contains(end), "it ends with \(end) under ulimit -v \(kibibytes)")
        if end != "early\n" { asked += 1 }
      }
      #expect(asked >= 3, "too few came so far as to catch the signal")
    }
  }
}
