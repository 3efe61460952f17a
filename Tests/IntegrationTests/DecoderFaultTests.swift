import Foundation
import ImageIO
import ImageTypes
import IsolatedDecoding
import LearningEvents
import LogCapturing
import Processes
import Recognition
import Telemetry
import TestSupport
import Testing
import Vision

extension Program {
  /// A worker whose decoders are killed, stopped and starved in the middle of a frame. What surrounds decoding is the
  /// product's, except networks, face detector and key points.
  @Suite(
    .enabled(if: builtExecutable != nil && PostgresTestServer.isWanted, "LECTERN_TEST_EXECUTABLE names no program"))
  struct DecoderFaultTests {
    /// A worker in this process, over decoders of the built program.
    private struct Worker {
      let decoder: IsolatedDecoder
      let run: IngestRun
      let registry = MetricsRegistry()

      init(_ bench: IngestBench, streams: Int = 1, _ adjust: (inout IsolationSettings) -> Void) throws {
        var settings = IsolationSettings(executable: try #require(builtExecutable))
        adjust(&settings)
        decoder = IsolatedDecoder(
          settings, prober: PictureDecoder(), registry: registry,
          logger: Logger(label: "decoder", level: .trace, sink: bench.log))
        run = bench.start(Broker.IngestPipelineTests.recognizer(decoder: decoder, streams: streams, registry: registry))
      }

      func restarts(_ reason: String) -> Double {
        registry.counter("lectern_recognition_decoder_restarts_total", help: "", labels: ["reason": reason]).value
      }
    }

    /// Sends pictures of one session, all to one partition, numbered from 0.
    private func send(_ pictures: [[UInt8]], from first: Int = 0, to bench: IngestBench) async throws {
      for (index, picture) in pictures.enumerated() {
        var frame = IngestBench.frame(session: "s", sequence: Int32(first + index))
        frame.imageType = .jpeg
        try await bench.send(frame, image: picture, partition: 0)
      }
    }

    /// The record is the reject `decoder_crash`, its neighbours are samples, and the worker goes on.
    @Test func aDeathAHangAndABombCostAFrameEach() async throws {
      let good = try JPEGEncoder().encode(Broker.IngestPipelineTests.board)
      // 60 and 100 MB.
      let costly = CostlyPicture.progressive(side: 5500)
      let bomb = CostlyPicture.progressive()
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce()
        let worker = try Worker(bench) {
          $0.deadline = .seconds(5)
          $0.memoryBytes = 84 << 20
        }
        var sent = 0
        for signal in [SIGKILL, SIGSEGV, SIGSTOP] {
          try await send([good, costly, good], from: sent, to: bench)
          let pid = try #require(await DecoderProcesses.own.waitForWork(), "no decoder is at work")
          #expect(kill(pid, signal) == 0)
          sent += 3
          try await bench.settle(Int64(sent), by: worker.run)
          let isGone = await DecoderProcesses.wait { !DecoderProcesses.exists(pid) }
          #expect(isGone)
        }
        try await send([bomb, good], from: sent, to: bench)
        sent += 2
        try await bench.settle(Int64(sent), by: worker.run)
        let rejects = try await bench.rejects(partition: 0)
        #expect(rejects.map(\.offset) == [1, 4, 7, 9])
        #expect(rejects.allSatisfy { $0.code == "decoder_crash" }, "\(rejects)")
        #expect(
          rejects.map(\.detail)[2...] == [
            "the decoder stood still for 5.0 seconds", "decoding takes more memory than allowed",
          ])
        #expect(try await bench.samples().values.map(\.count) == [Int](repeating: 1, count: 7))
        #expect(worker.restarts("crash") == 2 && worker.restarts("deadline") == 1 && worker.restarts("idle") == 0)
        #expect(worker.decoder.problem == nil && !worker.run.hasEnded)
        try await bench.checkArithmetic()
        try await worker.run.stop()
      }
    }

    /// A row of frames that each cost a decoder, longer than decoders may be started at once: all get through, none is
    /// lost, no good one is rejected, and the worker says that frames wait.
    @Test func moreDeathsThanDecodersMayBeStartedOnlyTakeTime() async throws {
      let good = try JPEGEncoder().encode(Broker.IngestPipelineTests.board)
      let hostile = CostlyPicture.progressive()
      let pictures = [good, hostile, hostile, hostile, good, hostile, hostile, good]
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce()
        try await send(pictures, to: bench)
        let worker = try Worker(bench, streams: 2) {
          $0.deadline = .seconds(1)
          $0.starts = (2, .seconds(4))
        }
        try await DecoderProcesses.own.hangingAtCostlyFrames {
          try await bench.wait(for: "a frame waits for a decoder") {
            worker.decoder.problem == "image decoders end faster than they are started again"
          }
          try await bench.settle(Int64(pictures.count), by: worker.run)
        }
        let rejects = try await bench.rejects(partition: 0)
        #expect(rejects.map(\.offset) == [1, 2, 3, 5, 6])
        #expect(rejects.allSatisfy { $0.code == "decoder_crash" }, "\(rejects)")
        #expect(try await bench.samples().count == 3)
        #expect(bench.log.entries.contains { $0.level == .error && $0.message == "frames wait for a decoder" })
        // Each was decoded once: nothing was tried again for want of a decoder.
        #expect(worker.restarts("deadline") == 5)
        try await bench.checkArithmetic()
        try await worker.run.stop()
      }
    }
  }
}
