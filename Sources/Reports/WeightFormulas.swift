package import Analytics
package import LearningEvents

/// The formulas of a report's figures, as its version of the weights has them.
package struct WeightFormulas: Sendable {
  /// A piece of a formula: words, or the mean probability of an emotion.
  package enum Piece: Sendable, Equatable {
    case text(String)
    case share(Emotion)
  }

  private let weights: MetricWeights

  package init(_ weights: MetricWeights) { self.weights = weights }

  package var all: [[Piece]] {
    let interest = [.text("(")] + sum(weights.interest) + [.text(")")]
    return [
      [.text("Concentration = 100 · (")] + sum(weights.concentration) + [.text(")")],
      [.text("Engagement = 100 · (1")] + terms(of: weights.engagement).flatMap { next($0) } + [.text(") / 2")],
      [.text("On task = ")] + sum(weights.onTask),
      [.text("Interest = ")] + interest + [.text(" here − ")] + interest + [.text(" over the course")],
    ]
  }

  /// Such as "confusion as 0.33 and 0.67": what counts for less and for more at the ends of concentration's band.
  package var band: String {
    Emotion.allCases.compactMap { emotion in
      let (low, high) = (weights.concentrationLow.hundredths[emotion], weights.concentrationHigh.hundredths[emotion])
      guard low != high else { return nil }
      let name = emotion == .confused ? "confusion" : emotion.name
      return "\(name) as \(Self.decimal(low)) and \(Self.decimal(high))"
    }.joined(separator: ", ")
  }

  private struct Term {
    let emotion: Emotion
    let hundredths: Int64
    /// Left out where every weight of the formula is one.
    let coefficient: String
  }

  /// The emotions that count, the heaviest first.
  private func terms(of row: MetricWeights.Row) -> [Term] {
    let counting = Emotion.allCases.filter { row.hundredths[$0] != 0 }.sorted {
      (-row.hundredths[$0], $0.rawValue) < (-row.hundredths[$1], $1.rawValue)
    }
    let areOnes = counting.allSatisfy { row.hundredths[$0].magnitude == 100 }
    return counting.map { emotion in
      let weight = row.hundredths[emotion]
      return Term(
        emotion: emotion, hundredths: weight, coefficient: areOnes ? "" : "\(Self.decimal(abs(weight))) ")
    }
  }

  private func sum(_ row: MetricWeights.Row) -> [Piece] {
    let terms = terms(of: row)
    guard let first = terms.first else { return [.text("0")] }
    let start: [Piece] = [.text((first.hundredths < 0 ? "−" : "") + first.coefficient), .share(first.emotion)]
    return start + terms.dropFirst().flatMap { next($0) }
  }

  private func next(_ term: Term) -> [Piece] {
    [.text((term.hundredths < 0 ? " − " : " + ") + term.coefficient), .share(term.emotion)]
  }

  /// Hundredths, not negative, as a number of two decimals.
  private static func decimal(_ hundredths: Int64) -> String {
    "\(hundredths / 100)." + (hundredths % 100 < 10 ? "0" : "") + "\(hundredths % 100)"
  }
}
