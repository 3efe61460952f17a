/// The six learning emotions of the paper (Sun, Liu, Qian 2024, Table 1), in the order used everywhere: in bundles, in
/// columns, in charts. The raw value is the index into a distribution and the label stored in the database.
package enum Emotion: Int, CaseIterable, Sendable, Hashable {
  case focused
  case distracted
  case curious
  case confused
  case tired
  case happy

  /// The lower-case English name, as in column names and JSON.
  package var name: String {
    switch self {
    case .focused: "focused"
    case .distracted: "distracted"
    case .curious: "curious"
    case .confused: "confused"
    case .tired: "tired"
    case .happy: "happy"
    }
  }

  /// How many there are.
  package static let count = allCases.count
}

extension Emotion: CustomStringConvertible {
  package var description: String { name }
}
