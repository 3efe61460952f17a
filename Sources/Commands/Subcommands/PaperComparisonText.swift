import Foundation
import Neural

/// The networks' costs beside the paper's Table 7, and why they differ; every number in it is computed.
struct PaperComparisonText {
  private let comparison: PaperCostComparison
  private static let order: [Attention] = [.none, .squeezeExcite, .shrinkage]

  init(_ comparison: PaperCostComparison) { self.comparison = comparison }

  var text: String {
    let rows = CountingConvention.allCases.map { convention in
      [convention.title]
        + Self.order.map { attention in
          Self.billions(comparison.count(convention, attention), digits: 4)
            + (comparison.agrees(convention, attention) ? "*" : " ")
        }
    }
    let published =
      ["\"FLOPs\" of Table 7"]
      + Self.order.map { Self.billions(Int(PaperCostComparison.published[$0] ?? 0), digits: 2) + " " }
    let table = TextTable(["what is counted"] + Self.order.map { "\($0.networkName) " }, leading: 1)
    return "Beside Table 7 of Sun, Liu and Qian (2024): billions for one 224×224 picture at full width\n"
      + table.text(rows + [published]) + "* prints as Table 7's number\n\n"
      + [trunk, attention, elsewhere].map { $0.wrapped() + "\n" }.joined(separator: "\n")
  }

  private var trunk: String {
    let here = Double(comparison.count(.multiplyAdds, .none))
    let paper = PaperCostComparison.published[.none] ?? 0
    let closest = comparison.closest.title.trimmingCharacters(in: .whitespaces)
    return "The paper does not say what it counts. Its ResNet lies \(Self.percent(paper / here - 1)) above the "
      + "multiply-adds; six classes instead of 1000 are worth \(Self.millions(classes)), so they do not explain it. "
      + "Counting elementwise work does: the row '\(closest)' comes closest. FLOPs in the word's sense would be "
      + "\(Self.billions(comparison.count(.literal, .none), digits: 2)), so multiply-adds are what it counts first of all."
  }

  private var attention: String {
    let parts = [Attention.squeezeExcite, .shrinkage].map { attention in
      "\(attention.networkName) adds \(Self.millions(comparison.added(.multiplyAdds, by: attention))) multiply-adds, "
        + "\(Self.millions(comparison.added(.unfoldedNorms, by: attention))) with all elementwise work, where Table 7 "
        + "adds \(Self.millions(Int(comparison.publishedAddition(by: attention).rounded()), digits: 0)), no less than "
        + "\(Self.millions(Int(comparison.leastPublishedAddition(by: attention).rounded()), digits: 0)) before rounding"
    }
    return "The attention's cost differs more: \(parts.joined(separator: "; "))."
  }

  private var elsewhere: String {
    let positions = [Attention.squeezeExcite, .shrinkage].map { attention in
      Self.millions((try? comparison.addedAtEveryPosition(by: attention)) ?? 0, digits: 1)
    }
    return "Two fully connected layers on each channel's average, as sections 5.1 and 5.2 describe, cannot cost that "
      + "under any count above. At every position of the maps instead, as 1×1 convolutions, they would add "
      + "\(positions.joined(separator: " and ")): that could explain the first figure but not the second. So Table 7 "
      + "describes other modules than the text, or was counted in a way the paper does not tell; Lectern follows the "
      + "text."
  }

  private var classes: Int { comparison.count(.thousandClasses, .none) - comparison.count(.multiplyAdds, .none) }

  private static func billions(_ count: Int, digits: Int) -> String {
    String(format: "%.\(digits)f", Double(count) / 1e9)
  }

  private static func millions(_ count: Int, digits: Int = 2) -> String {
    String(format: "%.\(digits)f M", Double(count) / 1e6)
  }

  private static func percent(_ share: Double) -> String { String(format: "%.1f %%", share * 100) }
}
