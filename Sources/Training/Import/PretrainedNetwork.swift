package import Neural
internal import Tensors

/// A network whose ImageNet weights can be imported, as torchvision publishes it: full width, 1000 classes.
package enum PretrainedNetwork: String, Sendable, CaseIterable {
  case vgg16
  case resnet18

  /// The option that names its file on the command line.
  package var option: String { "--\(rawValue)" }

  /// The tensors Lectern needs of it: everything but the classifier. Their names are torchvision's and timm's alike.
  package var parameters: [Parameter] {
    switch self {
    case .vgg16: Network.vgg16Features().parameters
    case .resnet18: Network.resnet18().parameters.filter { !isClassifier($0.name) }
    }
  }

  /// Who names tensors like that.
  package enum NameScheme: String, Sendable, Hashable {
    case torchvision
    case timm
    /// The names that are left do not differ between the two.
    case either = "torchvision or timm"
  }

  /// The layers of the ImageNet classifier, by scheme. They are left out whatever their shape, since a file fine-tuned
  /// on other classes is as good, and may be missing, since timm writes files without them.
  private var classifiers: [(scheme: NameScheme, layers: [String])] {
    switch self {
    case .vgg16:
      [
        (.torchvision, ["classifier.0", "classifier.3", "classifier.6"]),
        (.timm, ["pre_logits.fc1", "pre_logits.fc2", "head.fc"]),
      ]
    case .resnet18: [(.either, ["fc"])]
    }
  }

  /// The scheme of a tensor's name if the tensor belongs to the classifier.
  func classifierScheme(_ name: String) -> NameScheme? {
    classifiers.first { $0.layers.contains { name == "\($0).weight" || name == "\($0).bias" } }?.scheme
  }

  private func isClassifier(_ name: String) -> Bool { classifierScheme(name) != nil }
}
