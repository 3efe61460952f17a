import Foundation
import ImageIO
import LearningEvents
import OneDNN
import OpenCV
import Recognition
import Telemetry
import Training
import Vision

/// Times each stage of recognition for one frame at full size, and the whole as the worker runs it. Not part of the
/// program.
///
///     RecognitionBenchmark [--runs N] [--seed N] [--json]
///
/// Frames are drawn learners, 640×480, as JPEG files; the networks are those of an untrained, seeded bundle at full
/// width. Times do not depend on weights, and nothing here says anything about people.
@main
enum RecognitionBenchmark {
  static func main() async throws {
    guard let options = BenchmarkOptions(CommandLine.arguments.dropFirst()) else {
      note(BenchmarkOptions.usage)
      exit(64)
    }
    let detector = try CascadeFaceDetector(callers: 2)
    let maker = BundleMaker(
      detector: detector, describer: SiftDescriber(), compiler: StreamGroup(streams: 1, threadsPerStream: 2))
    note("Making an untrained bundle of seed \(options.seed)…\n")
    let bundle = try await maker.untrained(seed: options.seed, pictures: 12)
    let frames = try frames(seed: options.seed)

    var results: [BenchmarkReport.Configuration] = []
    for threads in [1, 2] {
      note("One stream of \(threads) thread\(threads == 1 ? "" : "s")…\n")
      let networks = try await bundle.networks(on: StreamGroup(streams: 1, threadsPerStream: threads))
      let stages = StageRun(
        decoder: PictureDecoder(), detector: detector, describer: SiftDescriber(), manifest: bundle.manifest,
        networks: networks[0])
      // The first frame warms caches, allocators and OpenCV's tables.
      var warmUp = StageClock()
      try await stages.run(frames[0], &warmUp)
      var clock = StageClock()
      for run in 0..<options.runs { try await stages.run(frames[run % frames.count], &clock) }
      let recognizer = Self.recognizer(bundle, networks, detector)
      var whole = Timings()
      for run in 0..<options.runs {
        try await whole.measure {
          try check(await recognizer.recognize([RecognitionRequest(bytes: frames[run % frames.count], faceBox: nil)]))
        }
      }
      results.append(
        .init(streams: 1, threads: threads, stages: clock.results + [.init(name: "whole frame", timings: whole)]))
    }
    note("Two streams of one thread…\n")
    let recognizer = Self.recognizer(bundle, try await bundle.networks(on: StreamGroup(streams: 2)), detector)
    let batch = (0..<8).map { RecognitionRequest(bytes: frames[$0 % frames.count], faceBox: nil) }
    var shared = Timings(framesPerRun: batch.count)
    try check(await recognizer.recognize(Array(batch.prefix(2))))
    for _ in 0..<max(2, options.runs / 4) { try await shared.measure { try check(await recognizer.recognize(batch)) } }
    results.append(.init(streams: 2, threads: 1, stages: [.init(name: "whole frame", timings: shared)]))

    let report = BenchmarkReport(machine: .current, runs: options.runs, seed: options.seed, configurations: results)
    print(options.isJSON ? try report.json() : report.markdown())
  }

  private static func recognizer(
    _ bundle: ModelBundle, _ networks: [BundleNetworks], _ detector: CascadeFaceDetector
  ) -> Recognizer {
    Recognizer(
      model: bundle.manifest, id: "not stored", networks: networks, decoder: PictureDecoder(), detector: detector,
      describer: SiftDescriber(), registry: MetricsRegistry(), logger: .silent)
  }

  /// Twelve learners, two of each emotion.
  private static func frames(seed: UInt64) throws -> [[UInt8]] {
    let renderer = SyntheticFaceRenderer()
    return try (0..<12).map { index in
      let scene = SyntheticFaceRenderer.Scene.face(Emotion.allCases[index % Emotion.allCases.count])
      let picture = renderer.render(learner: seed &+ UInt64(index), frame: UInt64(index), scene: scene)
      return try JPEGEncoder(quality: 90).encode(picture.image)
    }
  }

  /// A frame without a face would be fast for the wrong reason.
  private static func check(_ outcomes: [RecognitionOutcome]) throws {
    for outcome in outcomes {
      guard case .sample(let measured) = outcome, measured.status == .classified else {
        throw BenchmarkFailure(description: "a rendered frame was not classified: \(outcome)")
      }
    }
  }

  static func note(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}

/// Why nothing was measured.
struct BenchmarkFailure: Error, CustomStringConvertible { let description: String }
