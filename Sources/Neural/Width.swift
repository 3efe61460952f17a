/// How wide a network is, as a share of the published channel counts.
package enum Width: String, CaseIterable, Codable, Sendable {
  case full = "1"
  case half = "1/2"
  case quarter = "1/4"

  /// What every published channel count is divided by.
  package var divisor: Int {
    switch self {
    case .full: 1
    case .half: 2
    case .quarter: 4
    }
  }

  package func channels(_ published: Int) -> Int { published / divisor }
}
