import LearningEvents
import Recognition
import Synchronization
import Telemetry
import Testing
import Vision

/// Whose fault it is that a frame could not be analysed: the frame's is a reject, the process's another try.
@Suite struct PipelineFailureTests {
  private struct Failure: VisionFailure {
    let isOfProcess: Bool
    var description: String { isOfProcess ? "outOfMemory: no memory" : "failed: no such matrix" }
  }

  /// Its `description` would tell whose picture it was.
  private struct StrangeFailure: Error, CustomStringConvertible {
    var description: String { "learner 4711" }
  }

  private struct Detector: FaceDetecting {
    let failure: any Error
    func detect(in image: GrayImage) throws -> FaceDetection { throw failure }
  }

  private struct Describer: KeypointDescribing {
    let failure: any Error
    func describe(_ image: GrayImage) throws -> [Keypoint] { throw failure }
  }

  private struct Decoder: ImageDecoding {
    var failure: ImageError?

    func probe(_ bytes: [UInt8]) throws(ImageError) -> ImageHeader {
      ImageHeader(width: 200, height: 200, format: .png)
    }

    func decodeGray(_ bytes: [UInt8]) throws(ImageError) -> GrayImage {
      if let failure { throw failure }
      // A checkerboard of 8 pixels, sharp enough to pass the quality gate.
      return GrayImage(
        width: 200, height: 200,
        pixels: (0..<40_000).map { ($0 % 200 / 8 + $0 / 1600).isMultiple(of: 2) ? 60 : 180 })
    }
  }

  private final class Sink: LogSink {
    let lines = Mutex<[String]>([])
    func write(_ entry: LogEntry) { lines.withLock { $0.append("\(entry.message) \(entry.metadata)") } }
  }

  private let registry = MetricsRegistry()
  private let sink = Sink()

  private func prepare(
    decoding: ImageError? = nil, detecting: any Error = StrangeFailure(), describing: any Error = StrangeFailure(),
    hint: FaceBox? = nil
  ) throws(RecognitionError) -> FacePreparation.Result {
    try FacePreparation(
      decoder: Decoder(failure: decoding), detector: Detector(failure: detecting),
      describer: Describer(failure: describing), normalization: .max, metrics: RecognitionMetrics(registry: registry),
      logger: Logger(label: "test", level: .info, sink: sink)
    ).prepare(RecognitionRequest(bytes: [1], faceBox: hint))
  }

  private var lines: [String] { sink.lines.withLock { $0 } }
  private let box = FaceBox(x: 20, y: 20, width: 160, height: 160)

  @Test func whatTheProcessLacksIsNotTheFramesFault() throws {
    let detecting = #expect(throws: RecognitionError.self) { try prepare(detecting: Failure(isOfProcess: true)) }
    let describing = #expect(throws: RecognitionError.self) {
      try prepare(describing: Failure(isOfProcess: true), hint: box)
    }
    let decoding = #expect(throws: RecognitionError.self) {
      try prepare(decoding: ImageError(.unavailable, "no memory for a decoder"))
    }
    for error in [detecting, describing, decoding] {
      #expect(error?.code == .unavailable && error?.detail.contains("no memory") == true)
    }
    #expect(lines.isEmpty && registry.prometheusText().contains("lectern_recognition_failures_total 0\n"))
  }

  @Test func whatALibraryCannotAnalyseIsRejectedAndLogged() throws {
    let results = [
      try prepare(detecting: Failure(isOfProcess: false)),
      try prepare(describing: Failure(isOfProcess: false), hint: box),
      try prepare(),
    ]
    for result in results {
      guard case .outcome(.rejected(.badImage, detail: "the picture could not be analysed")) = result else {
        Issue.record("\(result)")
        continue
      }
    }
    #expect(registry.prometheusText().contains("lectern_recognition_failures_total 3\n"))
    try #require(lines.count == 3)
    #expect(lines[0].contains("no such matrix") && lines[1].contains("no such matrix"))
    #expect(lines[2].contains("StrangeFailure") && !lines[2].contains("4711"))
  }

  @Test func whatTheDecoderDiesOfIsARejectOfItsOwnAndAMissingDecoderIsNone() throws {
    guard
      case .outcome(.rejected(.decoderCrash, detail: "died")) = try prepare(
        decoding: ImageError(.decoderFailed, "died"))
    else {
      Issue.record("another outcome")
      return
    }
    #expect(throws: RecognitionError(.noDecoder, "none")) { try prepare(decoding: ImageError(.noDecoder, "none")) }
    #expect(lines.isEmpty)
  }

  @Test func damagedPicturesAreRejectedWithoutALine() throws {
    for code in [ImageError.Code.notAnImage, .corrupt, .unsupported] {
      guard case .outcome(.rejected(.badImage, detail: "broken")) = try prepare(decoding: ImageError(code, "broken"))
      else {
        Issue.record("\(code)")
        continue
      }
    }
    #expect(lines.isEmpty)
  }
}
