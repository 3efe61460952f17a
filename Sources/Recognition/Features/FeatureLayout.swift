package import Tensors

/// How the fused features F′ enter the classifying network, which the paper leaves open (sections 4.2 and 4.3 speak of
/// 224×224 images): layouts are compared by measurement behind this protocol.
package protocol FeatureLayout: Sendable {
  /// One sample's shape, `[C, H, W]`.
  var shape: Shape { get }

  /// The families it reads; the others need not be computed and may be missing from what it is given.
  var families: Set<FeatureFamily> { get }

  /// Writes one sample, row-major `[C, H, W]`, from features already normalised to 0…1.
  func write(_ features: FrameFeatures, to buffer: UnsafeMutableBufferPointer<Float>)
}

extension FeatureLayout {
  /// `[N, C, H, W]` of several samples.
  ///
  /// - Parameter places: N, the number of samples where nil; places without a sample are zeros.
  package func tensor(of samples: [FrameFeatures], places: Int? = nil) -> Tensor<Float> {
    let size = shape.count
    let places = places ?? samples.count
    precondition(places >= samples.count, "a place for each sample")
    return Tensor(uninitialized: Shape([places] + shape.dimensions)) { buffer in
      for (index, sample) in samples.enumerated() {
        write(sample, to: UnsafeMutableBufferPointer(rebasing: buffer[index * size..<(index + 1) * size]))
      }
      buffer[(samples.count * size)...].initialize(repeating: 0)
    }
  }
}

/// The gray crop itself, `[3, 224, 224]` with ImageNet's normalisation: the paper's literal reading and the baseline.
package struct ImageLayout: FeatureLayout {
  package var shape: Shape { [3, 224, 224] }
  package var families: Set<FeatureFamily> { [] }

  package init() {}

  package func write(_ features: FrameFeatures, to buffer: UnsafeMutableBufferPointer<Float>) {
    NetworkInput.write(features.crop, to: buffer)
  }
}

/// All channels of the three families above each other, `[cnnChannels + 164, 7, 7]`: CNN, then 36 of HOG, then 128 of
/// SIFT.
package struct GridLayout: FeatureLayout {
  package let cnnChannels: Int

  package var shape: Shape { [cnnChannels + 164, 7, 7] }
  package var families: Set<FeatureFamily> { Set(FeatureFamily.allCases) }

  /// - Parameter cnnChannels: 512 times the width of VGG16.
  package init(cnnChannels: Int) { self.cnnChannels = cnnChannels }

  package func write(_ features: FrameFeatures, to buffer: UnsafeMutableBufferPointer<Float>) {
    precondition(features.cnn.count == cnnChannels * 49, "pool5 has the layout's number of channels")
    var at = 0
    for family in [features.cnn, features.hog, features.sift] {
      for value in family {
        buffer[at] = value
        at += 1
      }
    }
  }
}
