/// Strengths as options and files spell them: `room`, `none` or `bad`, or one number for all, then single ones by name.
extension Nuisance {
  /// Nil where something is not understood or out of 0…1.
  ///
  /// - Parameter text: such as `room`, `0.3`, `none,blur=1` or `noise=0,light=0.2`; without a first word the rest is
  ///   a student's room.
  package init?(_ text: String) {
    var parts = text.split(separator: ",", omittingEmptySubsequences: false)
    guard let first = parts.first else { return nil }
    self = .room
    if !first.contains("=") {
      switch first {
      case "room": break
      case "none": self = .none
      case "bad": self = Nuisance(all: 1)
      default:
        guard let strength = Self.strength(first) else { return nil }
        self = Nuisance(all: strength)
      }
      parts.removeFirst()
    }
    for part in parts {
      let pair = part.split(separator: "=", omittingEmptySubsequences: false)
      guard pair.count == 2, let kind = Kind(rawValue: String(pair[0])), let strength = Self.strength(pair[1]) else {
        return nil
      }
      self[kind] = strength
    }
  }

  /// Every strength by name; understood by the initialiser.
  package var text: String { Kind.allCases.map { "\($0.rawValue)=\(self[$0])" }.joined(separator: ",") }

  private static func strength(_ text: Substring) -> Float? {
    guard let value = Float(text), (0...1).contains(value) else { return nil }
    return value
  }
}
