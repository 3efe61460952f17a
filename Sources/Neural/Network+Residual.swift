internal import Tensors

extension Network {
  /// ResNet-18 (paper, Table 4): `[N, 3, 224, 224]` → `[N, classes]` logits, 1.81 G multiply-adds at full width.
  package static func resnet18(width: Width = .full, classes: Int = 6) -> Network {
    residual18(attention: .none, width: width, classes: classes)
  }

  /// ResNet-18 with squeeze and excitation, reduction 16, in every block.
  package static func resnet18SE(width: Width = .full, classes: Int = 6) -> Network {
    residual18(attention: .squeezeExcite, width: width, classes: classes)
  }

  /// The deep residual shrinkage network over ResNet-18: channel-wise thresholds in every block.
  package static func drsn18(width: Width = .full, classes: Int = 6) -> Network {
    residual18(attention: .shrinkage, width: width, classes: classes)
  }

  /// Torchvision's post-activation ResNet-18 and its parameter names, with attention as `layerL.B.se.{fc1,fc2}` or
  /// `layerL.B.shrink.{fc1,bn,fc2}`.
  package static func residual18(attention: Attention, width: Width = .full, classes: Int = 6) -> Network {
    residual(
      attention.networkName, side: 224,
      stem: Convolution(3, width.channels(64), kernel: 7, stride: 2, padding: 3, hasBias: false),
      pool: Window(kernel: 3, stride: 2, padding: 1), stages: [64, 128, 256, 512], attention: attention, width: width,
      classes: classes)
  }

  /// The classifying network of the layout `grid`: `[N, 512·width + 164, 7, 7]` fused features → `[N, classes]` logits,
  /// about 10.9 M parameters and 0.26 G multiply-adds at full width.
  ///
  /// The features already have the extent at which ResNet-18 ends, so of its trunk only the wide half is left: a 1×1
  /// stem that mixes the families, two blocks of 256 channels at stride 1 and two of 512, the first at stride 2.
  /// Blocks, attention and parameter names are those of `residual18`; `layer1` and `layer2` are the only stages.
  package static func residualGrid(attention: Attention, width: Width = .full, classes: Int = 6) -> Network {
    residual(
      "\(attention.networkName)-grid", side: 7,
      stem: Convolution(width.channels(512) + 36 + 128, width.channels(256), kernel: 1, hasBias: false),
      stages: [256, 512], attention: attention, width: width, classes: classes)
  }

  /// A stem, stages of two blocks, of which all but the first stage halve the extent, and the head.
  private static func residual(
    _ name: String, side: Int, stem: Convolution, pool: Window? = nil, stages: [Int], attention: Attention,
    width: Width, classes: Int
  ) -> Network {
    var network = Network(name: name, inputShape: [stem.input, side, side])
    var channels = stem.output
    var value = network.append("conv1", .convolution(stem), .input)
    value = network.append("bn1", .batchNorm(channels: channels), value)
    value = network.append("relu", .relu, value)
    if let pool { value = network.append("maxpool", .maxPool(pool), value) }
    for (stage, published) in stages.enumerated() {
      for block in 0..<2 {
        let stride = stage > 0 && block == 0 ? 2 : 1
        let output = width.channels(published)
        value = network.appendBasicBlock(
          "layer\(stage + 1).\(block)", value, channels, output, stride: stride, attention: attention)
        channels = output
      }
    }
    value = network.append("avgpool", .globalAveragePool, value)
    _ = network.append("fc", .linear(input: channels, output: classes), value)
    return network
  }

  /// Two 3×3 convolutions with batch norm, attention, the shortcut's addition and ReLU: relu(attention(F(x)) + x).
  /// A 1×1 convolution with batch norm stands in the shortcut where the shape changes.
  package mutating func appendBasicBlock(
    _ name: String, _ input: Value, _ channels: Int, _ output: Int, stride: Int, attention: Attention
  ) -> Value {
    func convolution(_ from: Int, kernel: Int, stride: Int) -> Layer {
      .convolution(Convolution(from, output, kernel: kernel, stride: stride, padding: kernel / 2, hasBias: false))
    }
    var value = append("\(name).conv1", convolution(channels, kernel: 3, stride: stride), input)
    value = append("\(name).bn1", .batchNorm(channels: output), value)
    value = append("\(name).relu1", .relu, value)
    value = append("\(name).conv2", convolution(output, kernel: 3, stride: 1), value)
    value = append("\(name).bn2", .batchNorm(channels: output), value)
    if let node = attention.node(channels: output) {
      value = append("\(name).\(node.suffix)", .attention(node.layer), value)
    }
    var shortcut = input
    if stride != 1 || channels != output {
      shortcut = append("\(name).downsample.0", convolution(channels, kernel: 1, stride: stride), input)
      shortcut = append("\(name).downsample.1", .batchNorm(channels: output), shortcut)
    }
    value = append("\(name).add", .add, value, shortcut)
    return append("\(name).relu2", .relu, value)
  }
}
