package import Neural
package import Services
import Telemetry
import Tensors
package import Vision

/// Turns faces into features: HOG and SIFT on a thread of its own, VGG16 where its network runs. Does not look at the
/// faces' quality.
///
/// This is the only way from a face to features: what a worker classifies, what a bundle is measured on and what
/// training learns from are computed by the same code. Calls may overlap.
package struct FeatureExtractor: Sendable {
  private let families: Set<FeatureFamily>
  private let histogram: HistogramOfGradients
  private let describer: any KeypointDescribing
  private let network: (any NetworkRunning)?
  private let thread: ThreadExecutor
  private let metrics: RecognitionMetrics?

  /// - Parameters:
  ///   - families: which of HOG and SIFT to compute; those that are not read stay empty.
  ///   - network: VGG16 up to pool5; nil leaves the CNN features empty.
  ///   - thread: where HOG and SIFT are computed, which block for milliseconds.
  ///   - metrics: what times the stages; nil for none.
  package init(
    families: Set<FeatureFamily>, normalization: HistogramOfGradients.Normalization,
    describer: any KeypointDescribing, network: (any NetworkRunning)?, thread: ThreadExecutor,
    metrics: RecognitionMetrics? = nil
  ) {
    self.families = families
    histogram = HistogramOfGradients(normalization: normalization)
    self.describer = describer
    self.network = network
    self.thread = thread
    self.metrics = metrics
  }

  /// The features of some faces, in their order; the network runs them in batches of its size.
  ///
  /// - Throws: `RecognitionError` (`unanalysable` or `unavailable` where the describer failed, `wrongShape`), what the
  ///   network throws, or `CancellationError`.
  package func features(of faces: [FaceCrops]) async throws -> [FrameFeatures] {
    try await features(of: faces, by: nil)
  }

  /// The same of a frame whose preparation has a deadline.
  func features(of faces: [FaceCrops], by deadline: PreparationDeadline?) async throws -> [FrameFeatures] {
    let crafted = try await thread.run { () throws(RecognitionError) in
      try faces.map { face throws(RecognitionError) in
        let crafted = try handCrafted(face)
        try deadline?.check()
        return crafted
      }
    }
    let pools = try await pools(of: faces)
    return faces.indices.map {
      FrameFeatures(crop: faces[$0].vgg, cnn: pools?[$0] ?? [], hog: crafted[$0].hog, sift: crafted[$0].sift)
    }
  }

  /// HOG and SIFT of one face, with the keypoints that the descriptors come from. Blocks for milliseconds.
  func handCrafted(_ face: FaceCrops) throws(RecognitionError) -> (hog: [Float], sift: [Float], keypoints: [Keypoint]) {
    let hog = families.contains(.hog) ? (metrics?[.hog]).timed { histogram.grid(of: face.hog) } : []
    guard families.contains(.sift) else { return (hog, [], []) }
    do {
      return try (metrics?[.sift]).timed {
        let keypoints = try describer.describe(face.sift)
        return (hog, KeypointGrid(keypoints, width: face.sift.width, height: face.sift.height).values, keypoints)
      }
    } catch {
      throw RecognitionError(analysing: error)
    }
  }

  /// pool5 of each face, `[C, 7, 7]`; nil without a network.
  private func pools(of faces: [FaceCrops]) async throws -> [[Float]]? {
    guard let network else { return nil }
    let pools = try await network.outputs(of: faces.count, timedBy: metrics?[.cnn]) { part in
      NetworkInput.tensor(of: faces[part].map(\.vgg), places: network.batch)
    }
    if let odd = pools.first(where: { $0.isEmpty || !$0.count.isMultiple(of: 49) }) {
      throw RecognitionError(.wrongShape, "the feature network returned \(odd.count) numbers of a face")
    }
    return pools
  }
}

extension NetworkRunning {
  /// Runs `count` samples, `batch` at a time, and returns each sample's part of the output, row-major.
  ///
  /// - Parameters:
  ///   - histogram: observes each run, the making of its input included.
  ///   - input: `[batch, C, H, W]` of a range of samples, anything in the places beyond them.
  /// - Throws: what the network throws, `RecognitionError.wrongShape` or `CancellationError`.
  func outputs(
    of count: Int, timedBy histogram: Histogram?, input: (Range<Int>) -> Tensor<Float>
  ) async throws -> [[Float]] {
    var outputs: [[Float]] = []
    outputs.reserveCapacity(count)
    for start in stride(from: 0, to: count, by: batch) {
      try Task.checkCancellation()
      let part = start..<min(start + batch, count)
      let output = try await histogram.timed { try await run(input(part)) }
      guard output.count.isMultiple(of: batch) else {
        throw RecognitionError(.wrongShape, "a network for \(batch) samples returned \(output.shape)")
      }
      let size = output.count / batch
      output.withUnsafeBufferPointer { values in
        for place in 0..<part.count { outputs.append(Array(values[place * size..<(place + 1) * size])) }
      }
    }
    return outputs
  }
}
