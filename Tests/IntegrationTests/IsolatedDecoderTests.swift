import Foundation
import ImageIO
import IsolatedDecoding
import LogCapturing
import Processes
import Synchronization
import Telemetry
import TestSupport
import Testing
import Vision

extension Program {
  /// Decoding in a process of the built program, which is killed, stopped and starved from outside.
  @Suite(.enabled(if: builtExecutable != nil, "LECTERN_TEST_EXECUTABLE names no program"))
  struct IsolatedDecoderTests {
    /// A decoder and what it counted.
    struct Bench: Sendable {
      let decoder: IsolatedDecoder
      let registry = MetricsRegistry()
      let log = CapturingLogSink()

      /// Begins when the processes of the test before are gone.
      init(_ adjust: (inout IsolationSettings) -> Void = { _ in }) async throws {
        let isAlone = await DecoderProcesses.wait { DecoderProcesses.own.ids.isEmpty }
        #expect(isAlone, "decoders are left of another test")
        var settings = IsolationSettings(executable: try #require(builtExecutable))
        adjust(&settings)
        decoder = IsolatedDecoder(
          settings, prober: PictureDecoder(), registry: registry,
          logger: Logger(label: "decoding", level: .trace, sink: log))
      }

      func decode(_ file: [UInt8]) async throws -> GrayImage {
        try await BlockingThread().run { [decoder] in try decoder.decodeGray(file) }
      }

      /// What decoding a file ends with.
      func failure(_ file: [UInt8]) async -> ImageError? {
        do {
          _ = try await decode(file)
          return nil
        } catch {
          return error as? ImageError
        }
      }

      func restarts(_ reason: String) -> Double {
        registry.counter("lectern_recognition_decoder_restarts_total", help: "", labels: ["reason": reason]).value
      }
    }

    static let small = GrayImage(
      width: 96, height: 64, pixels: (0..<96 * 64).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 / 96) })

    static func files() throws -> [[UInt8]] {
      [try JPEGEncoder().encode(small), try PNGEncoder().encode(small)]
    }

    /// Whole files, and files damaged in every way, come back exactly as they do in process: pixels, codes and words.
    @Test func answersAsDecodingInProcessDoes() async throws {
      let bench = try await Bench()
      let plain = PictureDecoder()
      var files = try Self.files() + [[], [1, 2, 3], Array("GIF89a".utf8), CostlyPicture.progressive(side: 600)]
      let colour = RGBImage(width: 640, height: 480, pixels: (0..<640 * 480 * 3).map { UInt8($0 / 997 & 255) })
      files.append(try JPEGEncoder().encode(colour))
      files.append(try PNGEncoder().encode(GrayImage(width: 4000, height: 3000, repeating: 77)))
      var random = SystemRandomNumberGenerator()
      for file in try Self.files() {
        for _ in 0..<150 {
          var damaged = file
          for _ in 0..<Int.random(in: 1...4, using: &random) {
            damaged[Int.random(in: 3..<damaged.count, using: &random)] = .random(in: 0...255, using: &random)
          }
          files.append(Bool.random(using: &random) ? damaged : Array(file.prefix(.random(in: 0...file.count))))
        }
      }
      let kept = files
      var pictures = 0
      let pairs = await BlockingThread().run {
        kept.map { file in
          (
            Result { () throws(ImageError) in try bench.decoder.decodeGray(file) },
            Result { () throws(ImageError) in try plain.decodeGray(file) }
          )
        }
      }
      for (isolated, direct) in pairs {
        #expect(isolated == direct)
        if case .success = direct { pictures += 1 }
      }
      #expect(pictures > 10 && pictures < files.count - 50)
      #expect(DecoderProcesses.own.ids.count == 1, "one thread needs one process")
      for reason in ["crash", "deadline", "idle", "start"] { #expect(bench.restarts(reason) == 0, "\(reason)") }
    }

    @Test func aDecoderHoldsNothingButItsTask() async throws {
      let bench = try await Bench()
      _ = try await bench.decode(try Self.files()[0])
      let pid = try #require(DecoderProcesses.own.ids.first)
      let status = try #require(DecoderProcesses.text(pid, "status"))
      #expect(status.contains(/Threads:\s+1\n/))
      #expect(status.contains(/NoNewPrivs:\s+1\n/))
      #expect(status.contains(/Seccomp:\s+2\n/), "the kernel does not confine it: \(bench.log.entries)")
      let limits = try #require(DecoderProcesses.text(pid, "limits"))
      #expect(limits.contains(/Max core file size\s+0\s+0/))
      #expect(limits.contains(/Max open files\s+8\s+8/))
      #expect(!limits.contains(/Max data size\s+unlimited/))
      for limit in ["processes", "file size"] { #expect(limits.contains(try Regex("Max \(limit) +0 +0"))) }
      // In lists of processes it is nobody's worker.
      #expect(DecoderProcesses.text(pid, "cmdline")?.hasPrefix("lectern-decoder\0") == true)
      #expect(DecoderProcesses.text(pid, "oom_score_adj") == "1000\n")
      #expect(!bench.log.entries.contains { $0.level >= .warning }, "\(bench.log.entries)")
    }

    /// Nothing but the empty streams and its socket; the memory is mapped. No secret came along. Only root may look:
    /// the kernel keeps the process from others of its user.
    @Test(.enabled(if: geteuid() == 0, "only root may look")) func aDecoderInheritsNothing() async throws {
      // Not close-on-exec, as a library may open one.
      let stray = open("/dev/zero", O_RDONLY)
      defer { close(stray) }
      let bench = try await Bench()
      _ = try await bench.decode(try Self.files()[0])
      let pid = try #require(DecoderProcesses.own.ids.first)
      let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").sorted()
      #expect(descriptors == ["0", "1", "2", "3"])
      let environment = try #require(DecoderProcesses.text(pid, "environ"))
      // This process has at least the one that names the program.
      #expect(!environment.contains("LECTERN_") && !environment.contains("HOME="))
    }

    /// Whoever ends or stops a decoder between frames costs no frame.
    @Test(arguments: [SIGKILL, SIGSEGV, SIGSTOP]) func betweenFramesNothingIsLost(signal: Int32) async throws {
      let bench = try await Bench { $0.deadline = .milliseconds(500) }
      let file = try Self.files()[0]
      let expected = try PictureDecoder().decodeGray(file)
      for round in 1...3 {
        #expect(try await bench.decode(file) == expected)
        let pid = try #require(DecoderProcesses.own.ids.first)
        #expect(kill(pid, signal) == 0)
        #expect(try await bench.decode(file) == expected)
        #expect(bench.restarts("idle") == Double(round))
        let gone = await DecoderProcesses.wait { !DecoderProcesses.exists(pid) }
        #expect(gone, "\(pid) is still there")
      }
      #expect(bench.restarts("crash") == 0 && bench.restarts("deadline") == 0)
    }

    /// A stopping service manager signals every process of a worker; its frames are still to be finished.
    @Test func stoppingSignalsAreIgnored() async throws {
      let bench = try await Bench()
      _ = try await bench.decode(try Self.files()[0])
      let pid = try #require(DecoderProcesses.own.ids.first)
      for signal in [SIGTERM, SIGINT, SIGHUP] { #expect(kill(pid, signal) == 0) }
      _ = try await bench.decode(try Self.files()[1])
      #expect(DecoderProcesses.own.ids == [pid])
    }

    /// One that dies over a frame costs that frame, which is not tried again, and no other.
    @Test(arguments: [SIGKILL, SIGSEGV, SIGABRT]) func aDeathOverAFrameCostsThatFrame(signal: Int32) async throws {
      let bench = try await Bench()
      let file = try Self.files()[0]
      let expected = try bench.decoder.decodeGray(file)
      let costly = CostlyPicture.progressive()
      async let failure = bench.failure(costly)
      let pid = try #require(await DecoderProcesses.own.waitForWork())
      #expect(kill(pid, signal) == 0)
      #expect(await failure == ImageError(.decoderFailed, "the decoder crashed"))
      #expect(bench.restarts("crash") == 1)
      #expect(try await bench.decode(file) == expected)
      #expect(bench.restarts("crash") == 1 && bench.restarts("idle") == 0)
      #expect(bench.log.entries.contains { $0.metadata.contains { "\($0.1)".contains("signal \(signal)") } })
    }

    /// A machine with much else to do, by stopping the decoder again and again: what counts is its processor time.
    @Test func slownessByTheClockIsNoHang() async throws {
      let bench = try await Bench { $0.deadline = .seconds(3) }
      let costly = CostlyPicture.progressive()
      let isAnswered = Mutex(false)
      async let failure = {
        defer { isAnswered.withLock { $0 = true } }
        return await bench.failure(costly)
      }()
      let pid = try #require(await DecoderProcesses.own.waitForWork())
      for _ in 0..<4 {
        #expect(kill(pid, SIGSTOP) == 0)
        try await Task.sleep(for: .seconds(1))
        // The last time it has been at the frame for longer than the deadline.
        let isOver = isAnswered.withLock(\.self)
        #expect(!isOver)
        let ticks = DecoderProcesses.ticks(pid)
        #expect(kill(pid, SIGCONT) == 0)
        // Long enough to be seen, whatever else the machine does.
        _ = await DecoderProcesses.wait(.seconds(2)) { DecoderProcesses.ticks(pid) > ticks }
      }
      #expect(await failure == nil)
      #expect(bench.restarts("deadline") == 0)
    }

    /// Slow for real, and stopped in the middle.
    @Test(arguments: [false, true]) func aHangEndsAtTheDeadline(isStopped: Bool) async throws {
      let bench = try await Bench { $0.deadline = isStopped ? .seconds(3) : .milliseconds(200) }
      _ = try await bench.decode(try Self.files()[0])
      let first = DecoderProcesses.own.ids
      let costly = CostlyPicture.progressive()
      let start = ContinuousClock.now
      async let failure = bench.failure(costly)
      if isStopped { kill(try #require(await DecoderProcesses.own.waitForWork()), SIGSTOP) }
      let words = isStopped ? "the decoder stood still for 3.0 seconds" : "decoding took more than 0.2 seconds of"
      let error = await failure
      #expect(error?.code == .decoderFailed && error?.detail.hasPrefix(words) == true, "\(String(describing: error))")
      #expect(ContinuousClock.now - start < .seconds(20))
      #expect(bench.restarts("deadline") == 1)
      _ = try await bench.decode(try Self.files()[1])
      let gone = await DecoderProcesses.wait { DecoderProcesses.own.ids.count == 1 }
      #expect(gone && DecoderProcesses.own.ids != first)
    }

    /// A legal picture that needs more memory than allowed.
    @Test func aMemoryBombCostsItsFrame() async throws {
      let flat = try PNGEncoder().encode(GrayImage(width: 7000, height: 7000, repeating: 1))
      do {
        let bench = try await Bench { $0.memoryBytes = 40 << 20 }
        #expect(await bench.failure(CostlyPicture.progressive())?.code == .decoderFailed)
        // Needs none beside the picture's own place.
        #expect(try await bench.decode(flat) == GrayImage(width: 7000, height: 7000, repeating: 1))
        withExtendedLifetime(bench) {}
      }
      // With the default both are decoded.
      let roomy = try await Bench()
      #expect(await roomy.failure(CostlyPicture.progressive()) == nil)
    }

    @Test func startsAreBoundedAndFramesWait() async throws {
      // Long enough for two starts on a machine that has much else to do.
      let bench = try await Bench { $0.starts = (2, .seconds(8)) }
      let file = try Self.files()[0]
      for _ in 0..<2 {
        _ = try await bench.decode(file)
        kill(try #require(DecoderProcesses.own.ids.first), SIGKILL)
        // Not reaped would be found again.
        let gone = await DecoderProcesses.wait { DecoderProcesses.own.ids.isEmpty }
        #expect(gone)
      }
      #expect(bench.decoder.problem == nil)
      #expect(await bench.failure(file)?.code == .noDecoder)
      #expect(bench.decoder.problem != nil)
      var failure: ImageError? = ImageError(.noDecoder, "")
      let deadline = ContinuousClock.now + .seconds(60)
      while failure?.code == .noDecoder, ContinuousClock.now < deadline {
        try await Task.sleep(for: .milliseconds(100))
        failure = await bench.failure(file)
      }
      #expect(failure == nil)
      // Told once, however often it was asked; over when nobody has waited for a while.
      #expect(bench.log.entries.count { $0.message == "frames wait for a decoder" } == 1)
      let over = await DecoderProcesses.wait { bench.decoder.problem == nil }
      #expect(over)
      _ = try await bench.decode(file)
      #expect(bench.log.entries.contains { $0.message == "frames no longer wait for a decoder" })
    }

    /// A program that ends at once, and none at all: nothing is held against the frame.
    @Test(arguments: ["/bin/false", "/no/such/program"]) func withoutADecoderFramesWait(program: String) async throws {
      let bench = try await Bench {
        $0.executable = program
        $0.starts = (3, .seconds(3600))
      }
      for _ in 0..<5 { #expect(await bench.failure(try Self.files()[0])?.code == .noDecoder) }
      #expect(bench.restarts("start") == 3)
      #expect(bench.decoder.problem?.isEmpty == false)
      // What is no picture needs no decoder to be refused.
      #expect(await bench.failure([1, 2, 3])?.code == .notAnImage)
    }

    /// Whatever a decoder in other hands answers costs the frame it was at, and the decoder.
    @Test(arguments: DoubledDecoder.Manner.allCases.filter { ![.unconfined, .peeks, .hangs].contains($0) })
    func whatNoDecoderWouldSayIsNotBelieved(manner: DoubledDecoder.Manner) async throws {
      let python = try #require(await TestTools.python(with: "mmap"), "no Python")
      let double = try DoubledDecoder(manner, python: python)
      defer { double.remove() }
      let bench = try await Bench { $0.executable = double.path }
      for round in 1...2 {
        #expect(await bench.failure(try Self.files()[0])?.code == .decoderFailed)
        #expect(bench.restarts("crash") == Double(round))
      }
    }

    /// It took the frame up, whatever it says or leaves in the memory: the frame is given up and not tried for ever.
    @Test func oneThatHidesThatItTookAFrameUpCostsTheFrame() async throws {
      let python = try #require(await TestTools.python(with: "mmap"), "no Python")
      let double = try DoubledDecoder(.hangs, python: python)
      defer { double.remove() }
      let bench = try await Bench {
        $0.executable = double.path
        $0.deadline = .seconds(3)
      }
      for round in 1...2 {
        #expect(await bench.failure(try Self.files()[0])?.code == .decoderFailed)
        #expect(bench.restarts("deadline") == Double(round) && bench.restarts("idle") == 0)
      }
    }

    /// Whoever takes a decoder over finds no file and no picture of those before.
    @Test func nothingOfAPictureStaysInTheMemory() async throws {
      let python = try #require(await TestTools.python(with: "mmap"), "no Python")
      let double = try DoubledDecoder(.peeks, python: python)
      defer { double.remove() }
      let bench = try await Bench { $0.executable = double.path }
      let tiny = GrayImage(width: 2, height: 2, repeating: 9)
      let (long, short) = (try JPEGEncoder().encode(tiny), try PNGEncoder().encode(tiny))
      #expect(long.count > short.count)
      for file in [long, short, long, short] {
        #expect(try await bench.decode(file) == GrayImage(width: 2, height: 2, repeating: 1))
      }
      #expect(bench.restarts("crash") == 0)
    }

    /// A picture whose pages go back instead of being kept, and a file that is refused with half of it decoded.
    @Test(.enabled(if: geteuid() == 0, "only root may look")) func nothingStaysOfAHugeOrABrokenPictureEither()
      async throws
    {
      let bench = try await Bench()
      let huge = try PNGEncoder().encode(GrayImage(width: 5000, height: 4001, repeating: 77))
      let broken = Array(try JPEGEncoder().encode(Self.small).dropLast(200))
      for (file, isPicture) in [(huge, true), (broken, false), (try Self.files()[0], true)] {
        #expect(await (bench.failure(file) == nil) == isPicture)
        let pid = try #require(DecoderProcesses.own.ids.first)
        #expect(try Self.sharedBytes(of: pid) == 0)
      }
    }

    /// How many bytes of the memory that a decoder shares with this process are not zero.
    private static func sharedBytes(of pid: Int32) throws -> Int {
      let maps = try #require(DecoderProcesses.text(pid, "maps"))
      let line = try #require(maps.split(separator: "\n").first { $0.contains("lectern-decoder") })
      let ends = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt64($0, radix: 16) }
      try #require(ends.count == 2)
      let memory = try FileHandle(forReadingFrom: URL(filePath: "/proc/\(pid)/mem"))
      defer { try? memory.close() }
      try memory.seek(toOffset: ends[0])
      var count = 0
      var left = Int(ends[1] - ends[0])
      while left > 0, let bytes = try memory.read(upToCount: min(left, 1 << 20)), !bytes.isEmpty {
        left -= bytes.count
        if bytes != Data(count: bytes.count) { count += bytes.count { $0 != 0 } }
      }
      try #require(left == 0)
      return count
    }

    /// By default nothing is decoded then, and frames wait for whoever mends it.
    @Test func withoutAFilterOfTheKernelNothingIsDecoded() async throws {
      let python = try #require(await TestTools.python(with: "mmap"), "no Python")
      let double = try DoubledDecoder(.unconfined, python: python)
      defer { double.remove() }
      let bench = try await Bench { $0.executable = double.path }
      #expect(await bench.failure(try Self.files()[0])?.code == .noDecoder)
      #expect(bench.decoder.problem == "the kernel offers no system call filter to confine image decoders")
    }

    /// Said once, however many processes there are.
    @Test func wherePreferredItGoesOnWithoutAFilterAndSaysSo() async throws {
      let python = try #require(await TestTools.python(with: "mmap"), "no Python")
      let double = try DoubledDecoder(.unconfined, python: python)
      defer { double.remove() }
      let bench = try await Bench {
        $0.executable = double.path
        $0.confinement = .preferred
      }
      let file = try PNGEncoder().encode(GrayImage(width: 2, height: 2, repeating: 9))
      await withTaskGroup { group in
        for _ in 0..<3 {
          group.addTask {
            let picture = try? await bench.decode(file)
            #expect(picture == GrayImage(width: 2, height: 2, pixels: [1, 2, 3, 4]))
          }
        }
      }
      #expect(bench.log.entries.count { $0.level == .warning && $0.message.contains("not confined") } == 1)
    }

    /// Many threads, many deaths: no process, descriptor or mapping is left.
    @Test func nothingIsLeftBehind() async throws {
      func held() throws -> Int {
        let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count {
          (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)"))?
            .contains("lectern-decoder") == true
        }
        let maps = try String(contentsOfFile: "/proc/self/maps", encoding: .utf8)
        return descriptors + maps.split(separator: "\n").count { $0.contains("lectern-decoder") }
      }
      do {
        let bench = try await Bench { $0.starts = (100, .seconds(1)) }
        let file = try Self.files()[0]
        for _ in 0..<6 {
          await withTaskGroup { group in
            for _ in 0..<4 { group.addTask { #expect(await bench.failure(file) == nil) } }
          }
          for pid in DecoderProcesses.own.ids { kill(pid, SIGKILL) }
        }
        _ = try await bench.decode(file)
      }
      let gone = await DecoderProcesses.wait { DecoderProcesses.own.ids.isEmpty }
      #expect(gone, "\(DecoderProcesses.own.ids) are left")
      #expect(try held() == 0)
    }
  }
}
