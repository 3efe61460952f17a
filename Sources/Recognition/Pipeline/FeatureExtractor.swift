package import Neural
package import Services
import Tensors
package import Vision

/// Turns faces into features: HOG and SIFT on a thread of its own, VGG16 where its network runs. Does not look at the
/// faces' quality.
///
/// This is the only way from a face to features: what a worker classifies, what a bundle is measured on and what training
/// learns from are computed by the same code. Calls may overlap.
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
    let crafted = try await thread.run { () throws(RecognitionError) in
      try faces.map { face throws(RecognitionError) in try handCrafted(face) }
    }
    let pools = try await pools(of: faces)
    return faces.indices.map {
      FrameFeatures(crop: faces[$0].vgg, cnn: pools?[$0] ?? [], hog: crafted[$0].hog, sift: crafted[$0].sift)
    }
  }

  /// HOG and SIFT of one face, with the keypoints that the descriptors come from. Blocks for milliseconds.
  func handCrafted(_ face: FaceCrops) throws(RecognitionError) -> (hog: [Float], sift: [Float], keypoints: [Keypoint]) {
    let hog = families.contains(.hog) ? (metrics?.hog).timed { histogram.grid(of: face.hog) } : []
    guard families.contains(.sift) else { return (hog, [], []) }
    do {
      return try (metrics?.sift).timed {
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
    var pools: [[Float]] = []
    pools.reserveCapacity(faces.count)
    for start in stride(from: 0, to: faces.count, by: network.batch) {
      try Task.checkCancellation()
      let part = faces[start..<min(start + network.batch, faces.count)]
      let output = try await (metrics?.cnn).timed {
        try await network.run(NetworkInput.tensor(of: part.map(\.vgg), places: network.batch))
      }
      let size = output.count / network.batch
      guard size > 0, size.isMultiple(of: 49), output.count == size * network.batch else {
        throw RecognitionError(.wrongShape, "the feature network returned \(output.shape)")
      }
      output.withUnsafeBufferPointer { values in
        for place in part.indices { pools.append(Array(values[(place - start) * size..<(place - start + 1) * size])) }
      }
    }
    return pools
  }
}
