import LearningEvents
package import Neural
package import Recognition
import Services
import StableHashing
import Tensors
package import Vision

/// Makes bundles of weights that were not trained here: measures on rendered faces what the weights lack, that is
/// feature bounds, planes and batch-norm statistics, as far as the layout and the weights need them.
///
/// The faces are found and their features computed by the code that a worker recognises with.
package struct BundleMaker: Sendable {
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
  private let compiler: any NetworkCompiling

  package init(
    detector: any FaceDetecting, describer: any KeypointDescribing, compiler: any NetworkCompiling
  ) {
    self.detector = detector
    self.describer = describer
    self.compiler = compiler
  }

  /// The seeded bundle that stands in until there is a trained one: real networks whose answers mean nothing, but
  /// spread over the labels, so that everything behind them has something to show.
  ///
  /// - Parameter seed: of weights and pictures; the same seed on the same machine gives the same bundle.
  package func untrained(
    seed: UInt64, pictures: Int = 24, layout: ModelManifest.LayoutKind = .planes, attention: Attention = .shrinkage,
    width: Width = .full, hogNormalization: HistogramOfGradients.Normalization = .max,
    progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) async throws -> ModelBundle {
    let model = ModelManifest(
      name: "untrained-\(seed)", trained: false, network: attention.networkName, layout: layout, width: width,
      hogNormalization: hogNormalization)
    return try await make(
      model, of: .seeded(for: model, seed: seed), seed: seed, pictures: pictures, progress: progress)
  }

  /// Makes a bundle; takes about half a second of processor time a picture at full width where the layout reads
  /// features, a fifth of that for `image`.
  ///
  /// - Parameters:
  ///   - model: one that this program can run, as far as it is known before anything is measured.
  ///   - start: weights that fit the model.
  ///   - seed: of the pictures.
  ///   - pictures: how many are rendered and measured, at least 12.
  ///   - progress: called from any thread.
  package func make(
    _ model: ModelManifest, of start: StartingWeights, seed: UInt64, pictures: Int = 24,
    progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) async throws -> ModelBundle {
    precondition(pictures >= 12, "too few pictures to measure six logits on")
    let faces = await renderedFaces(pictures, seed: seed, progress: progress)
    guard faces.count >= 12 else {
      throw Failure(
        description: "only \(faces.count) of \(pictures) rendered faces were found; is the cascade file right?")
    }
    let features = try await features(of: faces, for: model, weights: start.features, progress: progress)
    var manifest = model
    guard manifest.learnScales(from: features) else {
      throw Failure(description: "a feature of a rendered face is not finite")
    }
    progress(Progress(stage: "Measuring the network", completed: 0, total: 1))
    let weights = try await measured(start, of: manifest, on: FeatureFusion(manifest).input(of: features[...]))
    progress(Progress(stage: "Measuring the network", completed: 1, total: 1))
    return ModelBundle(manifest: manifest, featureWeights: start.features, networkWeights: weights)
  }

  /// Faces of made-up learners as recognition finds them, emotions in turn; those not found or not readable are left
  /// out. The same seed gives the same pictures.
  private func renderedFaces(
    _ count: Int, seed: UInt64, progress: @escaping @Sendable (Progress) -> Void
  ) async -> [FaceCrops] {
    await ThreadExecutor(name: "render").run {
      let (renderer, finder) = (SyntheticFaceRenderer(), FaceFinder(detector: detector))
      var faces: [FaceCrops] = []
      for index in 0..<count {
        let emotion = Emotion.allCases[index % Emotion.allCases.count]
        var learners = SplitMix64(seed: seed, stream: UInt64(index))
        let picture = renderer.render(learner: learners.next(), frame: UInt64(index), scene: .face(emotion))
        let face = try? finder.face(in: picture.image.gray)
        if let face, face.quality.isUsable { faces.append(face.crops) }
        progress(Progress(stage: "Rendering faces", completed: index + 1, total: count))
      }
      return faces
    }
  }

  /// What the model's layout reads of each face, not yet normalised; the crop alone for a layout without families.
  private func features(
    of faces: [FaceCrops], for model: ModelManifest, weights: Weights,
    progress: @escaping @Sendable (Progress) -> Void
  ) async throws -> [FrameFeatures] {
    var networks: [(any NetworkRunning)?] = [nil]
    if let network = model.makeFeatureNetwork() {
      networks = try await compiler.compile(network, weights: weights, batch: 1, precision: .fp32, taps: [])
    }
    let extractors = StreamPool(
      networks.enumerated().map { index, network in
        FeatureExtractor(
          families: model.layout.isFused ? [.hog, .sift] : [], normalization: model.hogNormalization ?? .max,
          describer: describer, network: network, thread: ThreadExecutor(name: "measure-\(index)"))
      })
    var features: [FrameFeatures] = []
    try await extractors.inOrder(faces) { extractor, _, face in
      try await extractor.features(of: [face])[0]
    } receive: { index, face in
      features.append(face)
      guard model.layout.isFused else { return }
      progress(Progress(stage: "Measuring features", completed: index + 1, total: faces.count))
    }
    return features
  }

  /// The network's weights with the statistics of the batch norms that are to be measured and, where it is asked for, a
  /// last layer that spreads the labels.
  private func measured(
    _ start: StartingWeights, of model: ModelManifest, on batch: Tensor<Float>
  ) async throws -> Weights {
    guard !start.measuredBatchNorms.isEmpty || start.logitDeviation != nil else { return start.network }
    guard let network = model.makeNetwork() else {
      throw Failure(description: "there is no network \(model.network) for layout \(model.layout.rawValue)")
    }
    let measured = try await compiler.measureBatchNorm(
      of: network, weights: start.network, for: batch, only: start.measuredBatchNorms)
    let logits = measured.output.elements
    guard logits.allSatisfy(\.isFinite) else {
      throw Failure(description: "the network gave a number that is not finite")
    }
    var weights = measured.applied(to: start.network)
    guard let deviation = start.logitDeviation else { return weights }
    guard let weight = weights["fc.weight"], let bias = weights["fc.bias"] else {
      throw Failure(description: "the network has no last layer named fc")
    }
    let rows = stride(from: 0, to: logits.count, by: bias.count).map { Array(logits[$0..<$0 + bias.count]) }
    (weights["fc.weight"], weights["fc.bias"]) =
      LogitWhitening(rows).applied(weight: weight, bias: bias, gain: deviation)
    return weights
  }
}
