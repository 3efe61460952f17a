/// Segments by interest, and where their order is not certain.
package struct InterestRanking: Sendable, Equatable {
  package struct Entry: Sendable, Hashable {
    package let segment: Int64
    package let ordinal: Int32
    /// Mean interest and its 95 % interval, ten-thousandths.
    package let mean: Int64
    package let interval: ClosedRange<Int64>

    package init(segment: Int64, ordinal: Int32, mean: Int64, interval: ClosedRange<Int64>) {
      self.segment = segment
      self.ordinal = ordinal
      self.mean = mean
      self.interval = interval
    }
  }

  package struct Place: Sendable, Equatable {
    package let entry: Entry
    /// From 1; equal means share a rank, and the next rank skips as many.
    package let rank: Int
    /// Segments of any place whose interval overlaps this one's.
    package let overlapping: [Int64]
  }

  /// From the most interesting on; equal means in the course's order.
  package let places: [Place]

  package init(_ entries: [Entry]) {
    let ordered = entries.sorted { ($1.mean, $0.ordinal, $0.segment) < ($0.mean, $1.ordinal, $1.segment) }
    var rank = 0
    places = ordered.enumerated().map { index, entry in
      if index == 0 || ordered[index - 1].mean != entry.mean { rank = index + 1 }
      return Place(
        entry: entry, rank: rank,
        overlapping: ordered.filter { $0 != entry && $0.interval.overlaps(entry.interval) }.map(\.segment))
    }
  }
}
