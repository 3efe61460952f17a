/// Where a model's weights come from that were not trained here.
package struct ModelProvenance: Sendable, Hashable {
  /// A file of published weights.
  package struct Source: Sendable, Hashable {
    /// The published network, such as `vgg16`.
    package var network: String
    /// Whose tensor names the file has, such as `torchvision`.
    package var names: String
    /// The element types of the tensors that were taken, such as `F32`.
    package var elementTypes: [String]
    /// Of the whole file, 64 lower-case hex digits.
    package var fileSHA256: String

    package init(network: String, names: String, elementTypes: [String], fileSHA256: String) {
      self.network = network
      self.names = names
      self.elementTypes = elementTypes
      self.fileSHA256 = fileSHA256
    }
  }

  package var sources: [Source]
  /// Of every parameter that no source gave, before training, and of the pictures statistics were measured on.
  package var seed: UInt64

  package init(sources: [Source], seed: UInt64) {
    self.sources = sources
    self.seed = seed
  }
}

extension ModelProvenance: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable { case sources, seed }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(only: CodingKeys.self)
    self.init(
      sources: try values.decode([Source].self, forKey: .sources), seed: try values.decode(UInt64.self, forKey: .seed))
  }
}

extension ModelProvenance.Source: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case network, names
    case elementTypes = "element_types"
    case fileSHA256 = "file_sha256"
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(only: CodingKeys.self)
    self.init(
      network: try values.decode(String.self, forKey: .network), names: try values.decode(String.self, forKey: .names),
      elementTypes: try values.decode([String].self, forKey: .elementTypes),
      fileSHA256: try values.decode(String.self, forKey: .fileSHA256))
  }
}
