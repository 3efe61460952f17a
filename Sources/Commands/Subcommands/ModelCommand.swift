import Arguments
import Configuration
import Neural
import Recognition
import Vision

/// `lectern model`
struct ModelCommand: Command {
  static let configuration = CommandConfiguration(
    "model", abstract: "Look into models, and make new ones from published weights.",
    subcommands: [ModelInfoCommand.self, ModelImportCommand.self])
}

extension ModelManifest.LayoutKind: ConfigurationValue {}
extension HistogramOfGradients.Normalization: ConfigurationValue {}

/// The classifying networks by their names in a bundle.
enum ClassifierChoice: String, CaseIterable, ConfigurationValue {
  case resnet18
  case squeezeExcite = "resnet18-se"
  case drsn18

  var attention: Attention {
    switch self {
    case .resnet18: .none
    case .squeezeExcite: .squeezeExcite
    case .drsn18: .shrinkage
    }
  }
}

/// The networks there are.
enum NetworkChoice: String, CaseIterable, ConfigurationValue {
  case vgg16, resnet18
  case squeezeExcite = "resnet18-se"
  case drsn18

  /// nil for VGG16, which classifies nothing here.
  var classifier: ClassifierChoice? { ClassifierChoice(rawValue: rawValue) }
}

/// A width as people type it.
enum WidthChoice: String, CaseIterable, ConfigurationValue {
  case full = "1"
  case half = "0.5"
  case quarter = "0.25"

  var width: Width {
    switch self {
    case .full: .full
    case .half: .half
    case .quarter: .quarter
    }
  }
}
