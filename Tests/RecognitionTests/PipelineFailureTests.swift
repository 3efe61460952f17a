import Glibc
import ImageTypes
import LearningEvents
import Neural
import Recognition
import Synchronization
import Telemetry
import Tensors
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

    func probe(_ bytes: UnsafeRawBufferPointer) throws(ImageError) -> ImageHeader {
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

  /// Never reached: each frame fails before its networks.
  private struct Network: NetworkRunning {
    let batch = 1
    func run(_ input: Tensor<Float>) async throws -> Tensor<Float> { preconditionFailure("no network runs here") }
  }

  private func recognise(
    decoding: ImageError? = nil, detecting: any Error = StrangeFailure(), describing: any Error = StrangeFailure(),
    hint: FaceBox? = nil
  ) async throws -> RecognitionOutcome {
    try await recognise(Detector(failure: detecting), Describer(failure: describing), decoding: decoding, hint: hint)
  }

  private func recognise(
    _ detector: any FaceDetecting, _ describer: any KeypointDescribing, decoding: ImageError? = nil,
    hint: FaceBox? = nil
  ) async throws -> RecognitionOutcome {
    let recognizer = Recognizer(
      model: BundleFixture.manifest(), id: "stub",
      networks: [BundleNetworks(features: Network(), classifier: Network())], decoder: Decoder(failure: decoding),
      detector: detector, describer: describer, preparationLimit: Self.limit, registry: registry,
      logger: Logger(label: "test", level: .info, sink: sink))
    return try await recognizer.recognize([RecognitionRequest(bytes: [1], faceBox: hint)])[0]
  }

  private static let limit = Duration.milliseconds(500)

  /// Takes its thread's processor for so long, or sleeps for so long, and finds nobody.
  private struct Slow: FaceDetecting, KeypointDescribing {
    let time: Duration
    let isBusy: Bool

    func detect(in image: GrayImage) throws -> FaceDetection {
      take()
      return FaceDetection(faces: [])
    }

    func describe(_ image: GrayImage) throws -> [Keypoint] {
      take()
      return []
    }

    private func take() {
      guard isBusy else {
        usleep(UInt32(time / .microseconds(1)))
        return
      }
      let end = Self.processorTime + time
      while Self.processorTime < end {}
    }

    private static var processorTime: Duration {
      var time = timespec()
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
  }

  /// Where its face is looked for and where that is measured.
  @Test(arguments: [false, true]) func aPictureThatTakesTooMuchProcessorTimeIsRejectedAndLogged(
    hasHint: Bool
  ) async throws {
    let slow = Slow(time: Self.limit + .milliseconds(10), isBusy: true)
    let outcome = try await recognise(slow, slow, hint: hasHint ? box : nil)
    let detail = "preparing the picture took more than 0.5 seconds of processor time"
    #expect(outcome == .rejected(.badImage, detail: detail))
    #expect(registry.prometheusText().contains("lectern_recognition_failures_total 1\n"))
    #expect(lines.count == 1 && lines[0].contains(detail))
  }

  /// A machine with much else to do.
  @Test func slownessByTheClockIsNoFault() async throws {
    let slow = Slow(time: Self.limit * 2, isBusy: false)
    #expect(try await recognise(slow, slow) == .sample(.noFace))
    #expect(lines.isEmpty)
  }

  private var lines: [String] { sink.lines.withLock { $0 } }
  private let box = FaceBox(x: 20, y: 20, width: 160, height: 160)

  @Test func whatTheProcessLacksIsNotTheFramesFault() async throws {
    let detecting = await #expect(throws: RecognitionError.self) {
      try await recognise(detecting: Failure(isOfProcess: true))
    }
    let describing = await #expect(throws: RecognitionError.self) {
      try await recognise(describing: Failure(isOfProcess: true), hint: box)
    }
    let decoding = await #expect(throws: RecognitionError.self) {
      try await recognise(decoding: ImageError(.unavailable, "no memory for a decoder"))
    }
    for error in [detecting, describing, decoding] {
      #expect(error?.code == .unavailable && error?.detail.contains("no memory") == true)
    }
    #expect(lines.isEmpty && registry.prometheusText().contains("lectern_recognition_failures_total 0\n"))
  }

  @Test func whatALibraryCannotAnalyseIsRejectedAndLogged() async throws {
    let outcomes = [
      try await recognise(detecting: Failure(isOfProcess: false)),
      try await recognise(describing: Failure(isOfProcess: false), hint: box),
      try await recognise(),
    ]
    for outcome in outcomes {
      #expect(outcome == .rejected(.badImage, detail: "the picture could not be analysed"))
    }
    #expect(registry.prometheusText().contains("lectern_recognition_failures_total 3\n"))
    try #require(lines.count == 3)
    #expect(lines[0].contains("no such matrix") && lines[1].contains("no such matrix"))
    #expect(lines[2].contains("StrangeFailure") && !lines[2].contains("4711"))
  }

  @Test(arguments: [
    (ImageError.Code.decoderFailed, RejectCode.decoderCrash), (.tooLarge, .tooLarge), (.notAnImage, .badImage),
    (.corrupt, .badImage), (.unsupported, .badImage),
  ])
  func aPictureThatIsNotDecodedIsRejectedWithoutALine(_ code: ImageError.Code, _ reject: RejectCode) async throws {
    #expect(try await recognise(decoding: ImageError(code, "broken")) == .rejected(reject, detail: "broken"))
    #expect(lines.isEmpty)
  }
}
