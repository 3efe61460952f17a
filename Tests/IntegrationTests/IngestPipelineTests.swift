import ImageIO
import ImageTypes
import Ingest
import KafkaIO
import LearningEvents
import Neural
import Recognition
import Telemetry
import Tensors
import TestSupport
import Testing
import Vision

extension Broker {
  /// The product's recognition, from bytes to distribution, behind a worker; only the networks, the face detector and
  /// the key points are replaced.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct IngestPipelineTests {
    @Test func brokenPicturesAreRejectedByTheRealDecoderAndTheirNeighboursStored() async throws {
      let jpeg = try JPEGEncoder().encode(Self.board)
      let png = try PNGEncoder().encode(Self.board)
      var corrupt = jpeg
      // The Huffman tables' lengths and what follows.
      for index in corrupt.count / 8..<corrupt.count { corrupt[index] = 0xff }
      let bad: [(bytes: [UInt8], code: RejectCode)] = [
        (corrupt, .badImage), (Array(jpeg.prefix(30)), .badImage), (Array(png.prefix(png.count / 2)), .badImage),
        ([], .badImage), (IngestPictures.bomb(), .tooLarge),
        (png + [UInt8](repeating: 0, count: FrameEvent.imageLimitBytes), .tooLarge),
      ]
      try await IngestBench.run(
        partitions: 1, topicConfiguration: ["max.message.bytes": "67108864"],
        producerProperties: ["compression.codec": "gzip"]
      ) { bench in
        try await bench.announce()
        var sequence: Int32 = 0
        func send(_ bytes: [UInt8]) async throws {
          var frame = IngestBench.frame(session: "s", sequence: sequence)
          frame.imageType = .jpeg
          try await bench.send(frame, image: bytes, partition: 0)
          sequence += 1
        }
        try await send(jpeg)
        for (bytes, _) in bad {
          try await send(bytes)
          try await send(sequence % 4 == 0 ? png : jpeg)
        }
        let worker = bench.start(Self.recognizer())
        try await bench.settle(Int64(sequence), by: worker)
        try await send(png)
        try await bench.settle(Int64(sequence), by: worker)
        try await worker.stop()
        let rejects = try await bench.rejects(partition: 0)
        #expect(rejects.map(\.offset) == bad.indices.map { Int64($0 * 2 + 1) })
        #expect(rejects.map(\.code) == bad.map(\.code.rawValue))
        let samples = try await bench.samples()
        #expect(samples.count == bad.count + 2)
        #expect(samples.values.allSatisfy { $0.count == 1 && $0[0].max() ?? 0 > 9_000 })
        try await bench.checkArithmetic()
      }
    }

    /// A checkerboard, sharp enough to pass the quality gate.
    static let board = GrayImage(
      width: 200, height: 200,
      pixels: (0..<40_000).map { index in (index % 200 / 8 + index / 1600) % 2 == 1 ? 180 : 60 })

    static func recognizer(
      decoder: any ImageDecoding = PictureDecoder(), streams: Int = 1, registry: MetricsRegistry = MetricsRegistry()
    ) -> Recognizer {
      let bounds = FeatureBounds(minimum: 0, maximum: 1)
      let manifest = ModelManifest(
        name: "stub", trained: false, bounds: FamilyBounds(cnn: bounds, hog: bounds, sift: bounds),
        planes: [.identity, .identity, .identity])
      return Recognizer(
        model: manifest, id: ModelID(String(repeating: "ef", count: 32)),
        networks: (0..<streams).map { _ in
          BundleNetworks(features: IngestFlatFeatures(), classifier: IngestFlatClassifier())
        },
        decoder: decoder, detector: IngestWholePicture(), describer: IngestNoKeypoints(), registry: registry,
        logger: .silent)
    }
  }
}

private struct IngestWholePicture: FaceDetecting {
  func detect(in image: GrayImage) throws -> FaceDetection {
    FaceDetection(faces: [PixelRect(x: 20, y: 20, width: image.width - 40, height: image.height - 40)])
  }
}

private struct IngestNoKeypoints: KeypointDescribing {
  func describe(_ image: GrayImage) throws -> [Keypoint] { [] }
}

private struct IngestFlatFeatures: NetworkRunning {
  let batch = 1
  func run(_ input: Tensor<Float>) async throws -> Tensor<Float> { Tensor(repeating: 0.5, [1, 512, 7, 7]) }
}

private struct IngestFlatClassifier: NetworkRunning {
  let batch = 1
  func run(_ input: Tensor<Float>) async throws -> Tensor<Float> { Tensor([1, 6], [9, 0, 0, 0, 0, 0]) }
}
