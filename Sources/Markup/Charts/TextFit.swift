/// Estimates how wide text will be drawn, because a document made without a browser cannot measure it.
///
/// The widths are upper estimates over the common system fonts, in em, so that a label cut to fit does fit.
package enum TextFit {
  /// The estimated width of `text` in pixels at `fontSize` pixels.
  package static func width(_ text: String, fontSize: Double) -> Double {
    text.reduce(0) { $0 + em($1) } * fontSize
  }

  /// `text` itself if it fits into `width` pixels, else as much of it as fits with an ellipsis after it.
  package static func truncated(_ text: String, width limit: Double, fontSize: Double) -> String {
    if width(text, fontSize: fontSize) <= limit { return text }
    var used = 0.9 * fontSize
    var kept = ""
    for character in text {
      used += em(character) * fontSize
      if used > limit { break }
      kept.append(character)
    }
    while kept.last?.isWhitespace == true { kept.removeLast() }
    return kept + "…"
  }

  private static func em(_ character: Character) -> Double {
    guard let scalar = character.unicodeScalars.first else { return 0 }
    switch scalar {
    case "i", "j", "l", "t", "f", "r", "I", ".", ",", ":", ";", "'", "|", "!", " ", "(", ")", "[", "]": return 0.36
    case "m", "w", "M", "W", "@", "%", "—", "…", "&": return 0.95
    case "A"..."Z": return 0.7
    case "a"..."z", "0"..."9": return 0.58
    default: break
    }
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x9FFF, 0xA960...0xA97F, 0xAC00...0xD7FF, 0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF00...0xFF60, 0x1F000...0x3FFFF:
      return 1.1  // East Asian wide forms and pictographs
    default: return 0.7
    }
  }
}
