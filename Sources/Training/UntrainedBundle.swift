import LearningEvents
package import Neural
package import Recognition
import Services
import StableHashing
import Telemetry
import Tensors
package import Vision

/// Makes the seeded bundle that stands in until there is a trained one: real networks at full size whose answers mean
/// nothing, but spread over the labels, so that everything behind them has something to show.
///
/// Weights are He's initialisation under the seed. Feature bounds, planes and batch-norm statistics are measured on
/// rendered faces, as far as the layout has them, and the last layer is centred, decorrelated and scaled on them.
package struct UntrainedBundle: Sendable {
  /// How far the making is.
  package struct Progress: Sendable, Hashable {
    /// What is going on, for people.
    package let stage: String
    package let completed: Int
    package let total: Int
  }

  /// Why no bundle came of it.
  package struct Failure: Error, Hashable, CustomStringConvertible {
    package let description: String
  }

  private let detector: any FaceDetecting
  private let describer: any KeypointDescribing
  private let calibrator: any NetworkCalibrating

  package init(
    detector: any FaceDetecting, describer: any KeypointDescribing, calibrator: any NetworkCalibrating
  ) {
    self.detector = detector
    self.describer = describer
    self.calibrator = calibrator
  }

  /// The deviation of each logit over the measured faces: labels with probabilities that look neither certain nor equal.
  static let gain = 1.5

  /// Makes a bundle; takes about half a second of processor time a picture at full width where the layout reads
  /// features, a fifth of that for `image`.
  ///
  /// - Parameters:
  ///   - seed: of weights and pictures; the same seed on the same machine gives the same bundle.
  ///   - pictures: how many are rendered and measured, at least 12.
  ///   - start: weights to take instead of seeded ones; their last layer is left as it is, since training starts from it.
  ///   - progress: called from any thread.
  package func make(
    seed: UInt64, pictures: Int = 24, layout: ModelManifest.LayoutKind = .planes, attention: Attention = .shrinkage,
    width: Width = .full, hogNormalization: HistogramOfGradients.Normalization = .max, start: StartingWeights? = nil,
    progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) async throws -> ModelBundle {
    precondition(pictures >= 12, "too few pictures to measure six logits on")
    let families = layout.isFused ? Set(FeatureFamily.allCases) : []
    let faces = await rendered(
      seed: seed, count: pictures, families: families, normalization: hogNormalization, progress: progress)
    guard faces.count >= 12 else {
      throw Failure(
        description: "only \(faces.count) of \(pictures) rendered faces were found; is the cascade file right?")
    }
    var manifest = ModelManifest(
      name: start?.name ?? "untrained-\(seed)", trained: false, network: attention.networkName, layout: layout,
      width: width, hogNormalization: hogNormalization, provenance: start?.provenance)
    var featureWeights: Weights = [:]
    var features = faces.map { FrameFeatures(crop: $0.crop) }
    if let network = manifest.makeFeatureNetwork() {
      featureWeights = start?.features ?? .seeded(for: network, seed: seed)
      features = try await extracted(faces, network: network, weights: featureWeights, progress: progress)
      guard let bounds = FamilyBounds(of: features) else {
        throw Failure(description: "a feature of a rendered face is not finite")
      }
      features = features.map { $0.fused(bounds) }
      manifest.bounds = bounds
      if layout == .planes {
        manifest.planes = PlanesLayout.measured(on: features, cnnChannels: manifest.cnnChannels)
      }
    }
    guard let classifier = manifest.makeNetwork() else {
      throw Failure(description: "there is no network \(manifest.network) for layout \(layout.rawValue)")
    }
    progress(Progress(stage: "Measuring the network", completed: 0, total: 1))
    let batch = manifest.makeLayout().tensor(of: features)
    let networkWeights =
      if let start { try await measured(classifier, start: start, batch: batch) } else {
        try await calibrated(classifier, seed: seed, batch: batch)
      }
    progress(Progress(stage: "Measuring the network", completed: 1, total: 1))
    return ModelBundle(manifest: manifest, featureWeights: featureWeights, networkWeights: networkWeights)
  }

  /// The three families of each face, not yet normalised.
  private func extracted(
    _ faces: [FacePreparation.Face], network: Network, weights: Weights,
    progress: @escaping @Sendable (Progress) -> Void
  ) async throws -> [FrameFeatures] {
    let inputs = faces.map { NetworkInput.tensor(of: $0.crop) }
    let total = faces.count
    let pools = try await calibrator.outputs(of: network, weights: weights, for: inputs) {
      progress(Progress(stage: "Measuring features", completed: $0, total: total))
    }
    return zip(faces, pools).map { face, pool in
      FrameFeatures(crop: face.crop, cnn: pool.elements, hog: face.hog, sift: face.sift)
    }
  }

  /// Faces of `count` made-up learners as the pipeline sees them, emotions in turn; those not found are left out.
  private func rendered(
    seed: UInt64, count: Int, families: Set<FeatureFamily>, normalization: HistogramOfGradients.Normalization,
    progress: @escaping @Sendable (Progress) -> Void
  ) async -> [FacePreparation.Face] {
    let preparation = FacePreparation(
      decoder: NoDecoder(), detector: detector, describer: describer, normalization: normalization, families: families,
      metrics: RecognitionMetrics(registry: MetricsRegistry()))
    let thread = ThreadExecutor(name: "render")
    return await thread.run {
      let renderer = SyntheticFaceRenderer()
      var faces: [FacePreparation.Face] = []
      for index in 0..<count {
        let emotion = Emotion.allCases[index % Emotion.allCases.count]
        let learner = SplitMix64(seed: seed, stream: UInt64(index)).first
        let picture = renderer.render(learner: learner, frame: UInt64(index), scene: .face(emotion))
        if case .face(let face)? = try? preparation.prepare(picture.image.gray, hint: nil) { faces.append(face) }
        progress(Progress(stage: "Rendering faces", completed: index + 1, total: count))
      }
      return faces
    }
  }

  /// Given weights with those batch norms measured that have no statistics yet.
  private func measured(
    _ network: Network, start: StartingWeights, batch: Tensor<Float>
  ) async throws -> Weights {
    guard !start.measuredBatchNorms.isEmpty else { return start.network }
    let measured = try await calibrator.measureBatchNorm(
      of: network, weights: start.network, for: batch, only: start.measuredBatchNorms)
    guard measured.output.elements.allSatisfy(\.isFinite) else {
      throw Failure(description: "the network gave a number that is not finite")
    }
    return measured.applied(to: start.network)
  }

  /// Seeded weights with measured batch norms and a last layer that spreads the labels.
  private func calibrated(_ network: Network, seed: UInt64, batch: Tensor<Float>) async throws -> Weights {
    let start = Weights.seeded(for: network, seed: seed)
    let measured = try await calibrator.measureBatchNorm(of: network, weights: start, for: batch, only: nil)
    var weights = measured.applied(to: start)
    guard let weight = weights["fc.weight"], let bias = weights["fc.bias"] else {
      throw Failure(description: "the network has no last layer named fc")
    }
    let size = bias.count
    let values = measured.output.elements
    guard values.allSatisfy(\.isFinite) else {
      throw Failure(description: "the seeded network gave a number that is not finite")
    }
    let rows = stride(from: 0, to: values.count, by: size).map { Array(values[$0..<$0 + size]) }
    let last = LogitWhitening(rows).applied(weight: weight, bias: bias, gain: Self.gain)
    weights["fc.weight"] = last.weight
    weights["fc.bias"] = last.bias
    return weights
  }
}

/// Rendered pictures are pixels already.
private struct NoDecoder: ImageDecoding {
  func probe(_ bytes: [UInt8]) throws(ImageError) -> ImageHeader { throw ImageError(.unsupported, "no decoder") }
  func decodeGray(_ bytes: [UInt8]) throws(ImageError) -> GrayImage { throw ImageError(.unsupported, "no decoder") }
}

extension SplitMix64 {
  /// The generator's first number.
  fileprivate var first: UInt64 {
    var copy = self
    return copy.next()
  }
}
