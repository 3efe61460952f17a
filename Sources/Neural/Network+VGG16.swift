internal import Tensors

extension Network {
  /// VGG16's convolutional part up to pool5: 13 3×3 convolutions with ReLU in five groups, each closed by a 2×2 max
  /// pool. `[N, 3, 224, 224]` → `[N, 512·width, 7, 7]`, 15.35 G multiply-adds at full width.
  ///
  /// Parameters are torchvision's: `features.0.weight` … `features.28.bias`; the other stages take the index of their
  /// module in the same sequence (`features.30` is pool5).
  package static func vgg16Features(width: Width = .full) -> Network {
    var network = Network(name: "vgg16", inputShape: [3, 224, 224])
    var value = Value.input
    var module = 0
    func next() -> String {
      defer { module += 1 }
      return "features.\(module)"
    }
    var channels = 3
    for (convolutions, published) in [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)] {
      let output = width.channels(published)
      for _ in 0..<convolutions {
        let convolution = Convolution(channels, output, kernel: 3, padding: 1, hasBias: true)
        value = network.append(next(), .convolution(convolution), value)
        value = network.append(next(), .relu, value)
        channels = output
      }
      value = network.append(next(), .maxPool(Window(kernel: 2, stride: 2)), value)
    }
    return network
  }
}
