internal import Foundation
internal import Neural

/// The comparison in words; every number in it is computed.
extension PaperCostComparison {
  private static let order: [Attention] = [.none, .squeezeExcite, .shrinkage]

  /// The table's heading: what is counted, then the networks.
  package var columns: [String] { ["what is counted"] + Self.order.map { "\($0.networkName) " } }

  /// In billions, one row a convention and Table 7's own last; a star marks what prints as Table 7's number.
  package var rows: [[String]] {
    let counted = CountingConvention.allCases.map { convention in
      [convention.title]
        + Self.order.map { attention in
          Self.billions(count(convention, attention), digits: 4) + (agrees(convention, attention) ? "*" : " ")
        }
    }
    let published =
      ["\"FLOPs\" of Table 7"] + Self.order.map { Self.billions(Int(Self.published[$0] ?? 0), digits: 2) + " " }
    return counted + [published]
  }

  /// Why the numbers differ, in paragraphs.
  package var remarks: [String] { [trunk, attention, elsewhere] }

  private var trunk: String {
    let here = Double(count(.multiplyAdds, .none))
    let paper = Self.published[.none] ?? 0
    let closest = self.closest.title.trimmingCharacters(in: .whitespaces)
    return "The paper does not say what it counts. Its ResNet lies \(Self.percent(paper / here - 1)) above the "
      + "multiply-adds; six classes instead of 1000 are worth \(Self.millions(classes)), so they do not explain it. "
      + "Counting elementwise work does: the row '\(closest)' comes closest. FLOPs in the word's sense would be "
      + "\(Self.billions(count(.literal, .none), digits: 2)), so multiply-adds are what it counts first of all."
  }

  private var attention: String {
    let parts = [Attention.squeezeExcite, .shrinkage].map { attention in
      "\(attention.networkName) adds \(Self.millions(added(.multiplyAdds, by: attention))) multiply-adds, "
        + "\(Self.millions(added(.unfoldedNorms, by: attention))) with all elementwise work, where Table 7 "
        + "adds \(Self.millions(Int(publishedAddition(by: attention).rounded()), digits: 0)), no less than "
        + "\(Self.millions(Int(leastPublishedAddition(by: attention).rounded()), digits: 0)) before rounding"
    }
    return "The attention's cost differs more: \(parts.joined(separator: "; "))."
  }

  private var elsewhere: String {
    let positions = [Attention.squeezeExcite, .shrinkage].map { attention in
      Self.millions((try? addedAtEveryPosition(by: attention)) ?? 0, digits: 1)
    }
    return "Two fully connected layers on each channel's average, as sections 5.1 and 5.2 describe, cannot cost that "
      + "under any count above. At every position of the maps instead, as 1×1 convolutions, they would add "
      + "\(positions.joined(separator: " and ")): that could explain the first figure but not the second. So Table 7 "
      + "describes other modules than the text, or was counted in a way the paper does not tell; Lectern follows the "
      + "text."
  }

  private var classes: Int { count(.thousandClasses, .none) - count(.multiplyAdds, .none) }

  private static func billions(_ count: Int, digits: Int) -> String {
    String(format: "%.\(digits)f", Double(count) / 1e9)
  }

  private static func millions(_ count: Int, digits: Int = 2) -> String {
    String(format: "%.\(digits)f M", Double(count) / 1e6)
  }

  private static func percent(_ share: Double) -> String { String(format: "%.1f %%", share * 100) }
}
