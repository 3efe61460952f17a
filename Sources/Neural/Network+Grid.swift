internal import Tensors

extension Network {
  /// The classifying network of the layout `grid`: `[N, 512·width + 164, 7, 7]` fused features → `[N, classes]` logits,
  /// about 10.9 M parameters and 0.26 G multiply-adds at full width.
  ///
  /// The features already have the extent at which ResNet-18 ends, so of its trunk only the wide half is left: a 1×1
  /// stem that mixes the families, two blocks of 256 channels at stride 1 and two of 512, the first at stride 2.
  /// Blocks, attention and parameter names are those of `residual18`; `layer1` and `layer2` are the only stages.
  package static func residualGrid(attention: Attention, width: Width = .full, classes: Int = 6) -> Network {
    let features = width.channels(512) + 36 + 128
    var network = Network(name: "\(attention.networkName)-grid", inputShape: [features, 7, 7])
    var channels = width.channels(256)
    let stem = Convolution(features, channels, kernel: 1, hasBias: false)
    var value = network.append("conv1", .convolution(stem), .input)
    value = network.append("bn1", .batchNorm(channels: channels), value)
    value = network.append("relu", .relu, value)
    for (stage, published) in [256, 512].enumerated() {
      for block in 0..<2 {
        let output = width.channels(published)
        value = network.appendBasicBlock(
          "layer\(stage + 1).\(block)", value, channels, output, stride: stage > 0 && block == 0 ? 2 : 1,
          attention: attention)
        channels = output
      }
    }
    value = network.append("avgpool", .globalAveragePool, value)
    _ = network.append("fc", .linear(input: channels, output: classes), value)
    return network
  }
}
