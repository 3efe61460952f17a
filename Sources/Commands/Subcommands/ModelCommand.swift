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

/// A classifying network by its name in a bundle.
struct ClassifierChoice: RawRepresentable, CaseIterable, ConfigurationValue {
  let attention: Attention

  static let drsn18 = ClassifierChoice(attention: .shrinkage)
  static let allCases = Attention.allCases.map { ClassifierChoice(attention: $0) }

  var rawValue: String { attention.networkName }
}

extension ClassifierChoice {
  init?(rawValue: String) {
    guard let choice = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = choice
  }
}

/// A network by its name.
struct NetworkChoice: RawRepresentable, CaseIterable, ConfigurationValue {
  /// nil for VGG16, which classifies nothing here.
  let classifier: ClassifierChoice?

  static let drsn18 = NetworkChoice(classifier: .drsn18)
  static let allCases =
    [NetworkChoice(classifier: nil)] + ClassifierChoice.allCases.map { NetworkChoice(classifier: $0) }

  var rawValue: String { classifier?.rawValue ?? "vgg16" }
}

extension NetworkChoice {
  init?(rawValue: String) {
    guard let choice = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = choice
  }
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
