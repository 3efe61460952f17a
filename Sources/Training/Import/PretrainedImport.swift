package import Neural
package import Recognition
import Services
import Synchronization
import Tensors
package import Vision

/// Makes a bundle to train from published ImageNet weights: VGG16's convolutions, ResNet-18's trunk, and new layers
/// drawn from a seed. Its answers mean nothing before training.
package struct PretrainedImport: Sendable {
  /// The networks that a layout takes from ImageNet: `image` is read by the ResNet alone; `grid` has a trunk of its own
  /// shape, which no published network fits, behind VGG16's features; `planes` needs both.
  package static func networks(for layout: ModelManifest.LayoutKind) -> [PretrainedNetwork] {
    switch layout {
    case .image: [.resnet18]
    case .planes: [.vgg16, .resnet18]
    case .grid: [.vgg16]
    }
  }

  /// A bundle with what came from where.
  package struct Result: Sendable {
    package let bundle: ModelBundle
    package let files: [PretrainedFile]
    /// The classifying network's parameters that no file gave, in layer order.
    package let new: [PretrainedWeights.New]
  }

  /// How far the import is: a stage for people, and how much of it is done.
  package typealias Progress = BundleMaker.Progress

  /// The path of each file.
  package let files: [PretrainedNetwork: String]
  package let attention: Attention
  package let layout: ModelManifest.LayoutKind
  package let hogNormalization: HistogramOfGradients.Normalization
  package let seed: UInt64

  /// Throws where a file is missing that the layout needs, or given that it does not.
  package init(
    files: [PretrainedNetwork: String], attention: Attention, layout: ModelManifest.LayoutKind,
    hogNormalization: HistogramOfGradients.Normalization = .max, seed: UInt64
  ) throws(ImportError) {
    let needed = Self.networks(for: layout)
    let missing = needed.filter { files[$0] == nil }
    guard missing.isEmpty else {
      throw ImportError(
        .arguments,
        "layout \(layout.rawValue) needs \(missing.map { "\($0.option) FILE" }.joined(separator: " and ")): "
          + "the ImageNet weights of \(missing.map(\.rawValue).joined(separator: " and "))")
    }
    let unused = PretrainedNetwork.allCases.filter { files[$0] != nil && !needed.contains($0) }
    guard unused.isEmpty else {
      throw ImportError(
        .arguments,
        "layout \(layout.rawValue) has no place for \(unused.map(\.option).joined(separator: " and ")); it takes "
          + needed.map(\.option).joined(separator: " and "))
    }
    (self.files, self.attention, self.layout) = (files, attention, layout)
    (self.hogNormalization, self.seed) = (hogNormalization, seed)
  }

  /// Reads the files one after the other, on a thread of their own.
  ///
  /// - Parameter progress: called from any thread.
  package func read(progress: @escaping @Sendable (Progress) -> Void = { _ in }) async throws -> [PretrainedFile] {
    let thread = ThreadExecutor(name: "import")
    let isCancelled = Mutex(false)
    return try await withTaskCancellationHandler {
      var read: [PretrainedFile] = []
      for network in Self.networks(for: layout) {
        guard let path = files[network] else { continue }
        try Task.checkCancellation()
        read.append(
          try await thread.run {
            try PretrainedFile.read(
              path, as: network,
              progress: { done, total in
                progress(Progress(stage: "Reading \(network.rawValue)", completed: done >> 20, total: total >> 20))
              },
              isCancelled: { isCancelled.withLock { $0 } })
          })
      }
      return read
    } onCancel: {
      isCancelled.withLock { $0 = true }
    }
  }

  /// Fills the networks: the model, what it starts from, and which of its parameters are new.
  package func start(
    from read: [PretrainedFile]
  ) -> (model: ModelManifest, weights: StartingWeights, new: [PretrainedWeights.New]) {
    func weights(of network: PretrainedNetwork) -> Weights {
      read.first { $0.match.network == network }?.weights ?? [:]
    }
    let provenance = ModelProvenance(
      sources: read.map { file in
        ModelProvenance.Source(
          network: file.match.network.rawValue, names: file.match.scheme.rawValue, elementTypes: file.elementTypes,
          fileSHA256: file.sha256)
      }, seed: seed)
    let model = ModelManifest(
      name: "imagenet-\(attention.networkName)-\(layout.rawValue)-\(seed)", trained: false,
      network: attention.networkName, layout: layout, hogNormalization: hogNormalization, provenance: provenance)
    // The model has just been given a network this program knows.
    let filled = PretrainedWeights(filling: model.makeNetwork()!, from: weights(of: .resnet18), seed: seed)
    let start = StartingWeights(
      features: weights(of: .vgg16), network: filled.weights, measuredBatchNorms: filled.newBatchNorms)
    return (model, start, filled.new)
  }

  /// Reads the files and makes the bundle; bounds, planes and the statistics of new batch norms are measured on
  /// rendered faces, as for the untrained bundle. Imported statistics are kept.
  package func run(
    maker: BundleMaker, progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) async throws -> Result {
    let read = try await read(progress: progress)
    let start = start(from: read)
    try Task.checkCancellation()
    let bundle = try await maker.make(start.model, of: start.weights, seed: seed, progress: progress)
    try Task.checkCancellation()
    return Result(bundle: bundle, files: read, new: start.new)
  }
}
