package import Neural

extension Layer {
  package static func shrinkage(channels: Int) -> Layer { .attention(.shrinkage(channels: channels)) }

  package static func squeezeExcite(channels: Int, hidden: Int) -> Layer {
    .attention(.squeezeExcite(channels: channels, hidden: hidden))
  }
}
