import Foundation
import FoundationNetworking
import ImageIO
import ImageTypes
import LearningEvents
import Neural
import Persistence
import Processes
import Recognition
import TestSupport
import Testing
import Vision

extension Program {
  /// The built worker and its decoders, from their start to the end of either.
  @Suite(
    .enabled(if: builtExecutable != nil && PostgresTestServer.isWanted, "LECTERN_TEST_EXECUTABLE names no program"))
  struct DecoderLifeTests {
    /// The smallest network there is, of seeded weights.
    private static func save(bundle folder: String) throws {
      let manifest = ModelManifest(name: "seeded", trained: false, layout: .image, width: .quarter)
      let network = try #require(manifest.makeNetwork())
      _ = try ModelBundle(
        manifest: manifest, featureWeights: [:], networkWeights: .seeded(for: network, seed: 1)
      ).save(to: folder)
    }

    /// `lectern worker` with one stream, as another user if asked.
    private func start(
      _ bench: IngestBench, in folder: String, _ more: [String: String] = [:], user: SystemUser? = nil
    ) async throws -> (worker: ChildProcess, decoders: DecoderProcesses) {
      var environment = bench.programEnvironment
      environment["LECTERN_MODEL_BUNDLE"] = "\(folder)/model"
      environment["LECTERN_RECOGNITION_STREAMS"] = "1"
      environment["LECTERN_LOG_FORMAT"] = "json"
      for (name, value) in more { environment[name] = value }
      let child = try await ProcessLauncher().launch(
        ChildCommand(try #require(builtExecutable), ["worker"], environment: environment, user: user),
        log: "\(folder)/worker.log")
      return (child, DecoderProcesses(parent: child.pid))
    }

    private func send(_ picture: [UInt8], _ sequence: Int32, to bench: IngestBench) async throws {
      var frame = IngestBench.frame(session: "s", sequence: sequence)
      frame.imageType = .jpeg
      try await bench.send(frame, image: picture, partition: 0)
    }

    private func ready(_ folder: String) async -> (status: Int, body: String) {
      let log = (try? String(contentsOfFile: "\(folder)/worker.log", encoding: .utf8)) ?? ""
      guard let match = log.matches(of: #/"url":"(http:[^"]*)"/#).last,
        let url = URL(string: match.output.1.replacing("\\/", with: "/") + "ready")
      else { return (0, log) }
      let answer = try? await URLSession.shared.data(for: URLRequest(url: url, timeoutInterval: 10))
      return ((answer?.1 as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: answer?.0 ?? Data(), as: UTF8.self))
    }

    @Test(.timeLimit(.minutes(2))) func aWorkerThatEndsOrIsKilledLeavesNoDecoderAndLosesNoFrame() async throws {
      let folder = FileManager.default.temporaryDirectory.appending(path: "lectern-decoders-\(UUID().uuidString)").path
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      try Self.save(bundle: "\(folder)/model")
      let small = try JPEGEncoder().encode(GrayImage(width: 320, height: 240, repeating: 90))
      let costly = CostlyPicture.progressive(side: 5500)
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce()
        for (index, picture) in [small, costly, small].enumerated() { try await send(picture, Int32(index), to: bench) }

        // Stopped in mid-frame, as a service manager does it: every process of the worker is told.
        var (worker, decoders) = try await start(bench, in: folder)
        var decoder = try #require(await decoders.waitForWork(), "no decoder is at work")
        #expect(kill(decoder, SIGTERM) == 0)
        #expect(await worker.terminate(grace: .seconds(30)) == .exited(0))
        var isGone = await DecoderProcesses.wait(.seconds(5)) { !DecoderProcesses.isAlive(decoder) }
        #expect(isGone)

        // Killed in mid-frame, its decoder stopped: whoever stands still cannot see that its worker is gone.
        try await send(costly, 3, to: bench)
        (worker, decoders) = try await start(bench, in: folder)
        decoder = try #require(await decoders.waitForWork(), "no decoder is at work")
        #expect(kill(decoder, SIGSTOP) == 0)
        worker.send(SIGKILL)
        #expect(await worker.waitForExit() == .signalled(SIGKILL))
        isGone = await DecoderProcesses.wait(.seconds(5)) { !DecoderProcesses.isAlive(decoder) }
        #expect(isGone)

        // What was not stored is decoded by the next one, and each frame once.
        (worker, decoders) = try await start(bench, in: folder)
        try await bench.settle(4)
        #expect(await worker.terminate(grace: .seconds(30)) == .exited(0))
        let counters = try await bench.counters()
        #expect(counters.samples == 4 && counters.rejects == 0 && counters.duplicates == 0, "\(counters)")
        try await bench.checkArithmetic()
      }
    }

    /// An orderly end outlasts a decoder that is at a frame for minutes: the frame is the next worker's.
    @Test(.timeLimit(.minutes(3))) func aWorkerEndsInTimeThoughADecoderStandsStill() async throws {
      let folder = FileManager.default.temporaryDirectory.appending(path: "lectern-decoders-\(UUID().uuidString)").path
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      try Self.save(bundle: "\(folder)/model")
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce()
        try await send(CostlyPicture.progressive(side: 5500), 0, to: bench)
        let settings = ["LECTERN_DECODER_DEADLINE": "10m", "LECTERN_SHUTDOWN_GRACE": "20s"]
        var (worker, decoders) = try await start(bench, in: folder, settings)
        #expect(kill(try #require(await decoders.waitForWork(), "no decoder is at work"), SIGSTOP) == 0)
        #expect(await worker.terminate(grace: .seconds(100)) == .exited(0))
        let before = try await bench.counters()
        #expect(before.samples == 0 && before.rejects == 0, "\(before)")
        (worker, decoders) = try await start(bench, in: folder)
        try await bench.settle(1)
        #expect(await worker.terminate(grace: .seconds(60)) == .exited(0))
        #expect(try await bench.counters().samples == 1)
      }
    }

    /// A kernel, or container, in which nothing can be confined: `lectern` behind a filter that refuses filters.
    @Test(.timeLimit(.minutes(2))) func withoutAFilterOfTheKernelAWorkerStartsOnlyWhereThatIsAllowed() async throws {
      let python = try #require(await TestTools.python(with: "ctypes"), "no Python")
      let folder = FileManager.default.temporaryDirectory.appending(path: "lectern-decoders-\(UUID().uuidString)").path
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      try Self.save(bundle: "\(folder)/model")
      let small = try JPEGEncoder().encode(GrayImage(width: 320, height: 240, repeating: 90))
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce()
        try await send(small, 0, to: bench)
        var environment = bench.programEnvironment
        environment["LECTERN_MODEL_BUNDLE"] = "\(folder)/model"
        environment["LECTERN_RECOGNITION_STREAMS"] = "1"
        func command() throws -> ChildCommand {
          ChildCommand(
            python, ["-c", Self.withoutFilters, try #require(builtExecutable), "worker"], environment: environment)
        }
        let refused = try await ProcessLauncher().run(command(), deadline: .seconds(60))
        #expect(refused.status == .exited(78))
        #expect(refused.errorText.contains("LECTERN_DECODER_SANDBOX=required"), "\(refused.errorText)")

        environment["LECTERN_DECODER_SANDBOX"] = "preferred"
        let worker = try await ProcessLauncher().launch(command(), log: "\(folder)/worker.log")
        try await bench.settle(1)
        #expect(await worker.terminate(grace: .seconds(30)) == .exited(0))
        #expect(try await bench.counters().samples == 1)
        #expect(try String(contentsOfFile: "\(folder)/worker.log", encoding: .utf8).contains("but not confined"))
      }
    }

    /// Refuses `prctl(PR_SET_SECCOMP)` by a filter of its own, then becomes the program of its arguments.
    private static let withoutFilters = """
      import ctypes, os, platform, struct, sys
      number = {"x86_64": 157, "aarch64": 167}[platform.machine()]
      def step(code, jt, jf, k): return struct.pack("<HBBI", code, jt, jf, k)
      load, equal, answer = 0x20, 0x15, 0x06
      steps = [step(load, 0, 0, 0), step(equal, 0, 3, number), step(load, 0, 0, 16), step(equal, 0, 1, 22),
               step(answer, 0, 0, 0x00050000 | 22), step(answer, 0, 0, 0x7fff0000)]
      code = ctypes.create_string_buffer(b"".join(steps))
      program = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(steps), ctypes.addressof(code)))
      library = ctypes.CDLL(None, use_errno=True)
      assert library.prctl(38, 1, 0, 0, 0) == 0 and library.prctl(22, 2, program, 0, 0) == 0
      os.execv(sys.argv[1], ["lectern"] + sys.argv[2:])
      """

    /// Whose the files in `/proc/PID` are: the system's, and not the user's, where the kernel writes no core dump and
    /// lets no other program of the user look in.
    private static func owner(_ pid: Int32) throws -> uid_t {
      var status = stat()
      try #require(stat("/proc/\(pid)/status", &status) == 0)
      return status.st_uid
    }

    /// As somebody else than root, whom the kernel keeps from nothing: the user of a private PostgreSQL, who gets at
    /// its socket.
    @Test(.timeLimit(.minutes(2))) func whatAWorkerAndItsDecodersHoldIsNotDumped() async throws {
      let folder = FileManager.default.temporaryDirectory.appending(path: "lectern-decoders-\(UUID().uuidString)").path
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      try Self.save(bundle: "\(folder)/model")
      let small = try JPEGEncoder().encode(GrayImage(width: 320, height: 240, repeating: 90))
      let user = SystemUser("postgres") ?? SystemUser("nobody")
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce()
        try await send(small, 0, to: bench)
        let (worker, decoders) = try await start(bench, in: folder, user: geteuid() == 0 ? user : nil)
        try await bench.settle(1)
        let pids = [worker.pid] + decoders.ids
        #expect(pids.count == 2)
        for pid in pids {
          let status = try #require(DecoderProcesses.text(pid, "status"))
          #expect(!status.contains(/Uid:\s+0\s/), "\(status)")
          #expect(try Self.owner(pid) == 0)
          let limits = try #require(DecoderProcesses.text(pid, "limits"))
          #expect(limits.contains(/Max core file size\s+0\s+0\s/), "\(limits)")
        }
        #expect(await worker.terminate(grace: .seconds(30)) == .exited(0))
        #expect(try await bench.counters().samples == 1)
      }
    }

    /// Two decoders and no more for a minute: the third frame waits, `/ready` says so, and neither is the worker kept
    /// from ending nor the frame rejected.
    @Test(.timeLimit(.minutes(2))) func aWorkerWithoutDecodersIsNotReadyAndEndsAllTheSame() async throws {
      let folder = FileManager.default.temporaryDirectory.appending(path: "lectern-decoders-\(UUID().uuidString)").path
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      try Self.save(bundle: "\(folder)/model")
      let small = try JPEGEncoder().encode(GrayImage(width: 320, height: 240, repeating: 90))
      let hostile = CostlyPicture.progressive()
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce()
        for (index, picture) in [hostile, hostile, small].enumerated() {
          try await send(picture, Int32(index), to: bench)
        }
        let settings = [
          "LECTERN_DECODER_STARTS": "1", "LECTERN_DECODER_DEADLINE": "1s", "LECTERN_METRICS_PORT": "0",
        ]
        var (worker, decoders) = try await start(bench, in: folder, settings)
        try await decoders.hangingAtCostlyFrames {
          try await bench.wait(for: "/ready says that frames wait") {
            let answer = await ready(folder)
            return answer.status == 503 && answer.body.contains("frames wait for a decoder: image decoders end faster")
          }
        }
        let begin = ContinuousClock.now
        #expect(await worker.terminate(grace: .seconds(30)) == .exited(0))
        #expect(ContinuousClock.now - begin < .seconds(15))
        (worker, decoders) = try await start(bench, in: folder, ["LECTERN_DECODER_DEADLINE": "1s"])
        try await decoders.hangingAtCostlyFrames { try await bench.settle(3) }
        #expect(await worker.terminate(grace: .seconds(30)) == .exited(0))
        let rejects = try await bench.rejects(partition: 0)
        #expect(rejects.map(\.offset) == [0, 1] && rejects.allSatisfy { $0.code == "decoder_crash" }, "\(rejects)")
        #expect(try await bench.counters().samples == 1)
        try await bench.checkArithmetic()
      }
    }
  }
}
