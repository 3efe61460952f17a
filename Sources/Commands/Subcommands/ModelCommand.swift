import Arguments
import Configuration
import Neural
import Recognition
import Vision

struct ModelCommand: Command {
  static let configuration = CommandConfiguration(
    "model", abstract: "Look into models, and make new ones from published weights.",
    subcommands: [ModelInfoCommand.self, ModelImportCommand.self])
}

extension ModelManifest.LayoutKind: ConfigurationValue {}
extension HistogramOfGradients.Normalization: ConfigurationValue {}

/// A classifying network is named as in a bundle.
extension Attention: ConfigurationValue {
  package var configurationText: String { networkName }
}

/// A network by its name.
struct NetworkChoice: CaseIterable, ConfigurationValue {
  /// nil for VGG16, which classifies nothing here.
  let attention: Attention?

  static let allCases = [NetworkChoice(attention: nil)] + Attention.allCases.map { NetworkChoice(attention: $0) }

  var configurationText: String { attention?.networkName ?? "vgg16" }
}

/// A width is a decimal number here.
extension Width: ConfigurationValue {
  package var configurationText: String {
    switch self {
    case .full: "1"
    case .half: "0.5"
    case .quarter: "0.25"
    }
  }
}
