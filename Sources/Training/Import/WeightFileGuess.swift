import Neural
import Tensors

/// What a file of weights that is not the wanted one seems to be, from its tensors' names and shapes, so that an error
/// can say what to do. A guess: nothing is decided by it.
struct WeightFileGuess {
  enum Kind: Equatable {
    case vgg(layers: Int, batchNorm: Bool)
    case resnet(String)
    /// A ResNet-18 whose stem or shortcuts are not the published ones.
    case resnet18Variant(String)
    /// The bundle's own file.
    case lectern
    /// Every name begins with this.
    case prefixed(String)
    case empty
  }

  let kind: Kind?

  init(_ entries: [Safetensors.Entry]) {
    let shapes = Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0.shape) })
    func has(_ name: String) -> Bool { shapes[name] != nil }
    if entries.isEmpty {
      kind = .empty
    } else if entries.allSatisfy({ $0.name.hasPrefix("vgg16.") || $0.name.hasPrefix("net.") }) {
      kind = .lectern
    } else if let prefix = Self.prefix(of: entries) {
      kind = .prefixed(prefix)
    } else if has("features.0.weight") {
      let convolutions = entries.count {
        $0.name.hasPrefix("features.") && $0.name.hasSuffix(".weight") && $0.shape.rank == 4
      }
      // VGG is called by its convolutions and the three linear layers behind them.
      kind = .vgg(layers: convolutions + 3, batchNorm: has("features.1.running_mean"))
    } else if has("conv1.0.weight") {
      kind = .resnet18Variant("a stem of three convolutions, such as timm's resnet18d")
    } else if has("layer1.0.conv3.weight") {
      // The third stage has 6, 23 or 36 blocks.
      let deep = [("layer3.35", "resnet152"), ("layer3.22", "resnet101")]
      kind = .resnet(deep.first { has("\($0.0).conv1.weight") }?.1 ?? "resnet50")
    } else if has("layer1.2.conv1.weight") {
      kind = .resnet("resnet34")
    } else if has("layer1.0.se.fc1.weight") || has("layer1.0.shrink.fc1.weight") {
      kind = .resnet18Variant("attention in its blocks")
    } else if has("layer1.1.conv2.weight") {
      kind = .resnet("resnet18")
    } else {
      kind = nil
    }
  }

  /// A prefix that wrappers put before every name, up to and with the dot.
  private static func prefix(of entries: [Safetensors.Entry]) -> String? {
    ["module.", "_orig_mod.", "model.", "backbone.", "encoder.", "state_dict."].first { prefix in
      entries.allSatisfy { $0.name.hasPrefix(prefix) }
    }
  }

  func isAnotherNetwork(than wanted: PretrainedNetwork) -> Bool {
    switch kind {
    case .vgg(let layers, let batchNorm): wanted != .vgg16 || layers != 16 || batchNorm
    case .resnet(let name): name != wanted.rawValue
    case .resnet18Variant, .lectern: true
    case .prefixed, .empty, nil: false
    }
  }

  /// A sentence or two for who gave the file as `wanted`; nil where nothing better than the general advice is known.
  func advice(for wanted: PretrainedNetwork) -> String? {
    switch kind {
    case nil: nil
    case .empty: "The file holds no tensors at all: save it again."
    case .lectern:
      "The file is the weights of a Lectern bundle; import takes published ImageNet weights, and 'lectern model info' "
        + "reads the bundle's folder."
    case .prefixed(let prefix):
      "All its names begin with '\(prefix)', which a wrapper has put there: save the wrapped network's own state_dict."
    case .vgg(let layers, let batchNorm) where layers == 16 && !batchNorm:
      wanted == .vgg16 ? nil : "It looks like vgg16: give it as --vgg16."
    case .resnet(wanted.rawValue): nil
    case .resnet(PretrainedNetwork.resnet18.rawValue): "It looks like resnet18: give it as --resnet18."
    case .vgg(let layers, let batchNorm):
      "It looks like vgg\(layers)\(batchNorm ? "_bn" : ""); take \(wanted.rawValue)\(wanted == .vgg16 && batchNorm ? ", the one without batch normalisation" : "")."
    case .resnet(let name): "It looks like \(name); take \(wanted.rawValue)."
    case .resnet18Variant(let difference):
      "It looks like a ResNet with \(difference); take the plain \(wanted.rawValue)."
    }
  }
}
