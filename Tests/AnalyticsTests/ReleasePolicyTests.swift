import Analytics
import LearningEvents
import StableHashing
import Testing

/// What may be shown, and when it may change.
@Suite struct ReleasePolicyTests {
  typealias Key = ReleaseCell.Key
  let policy: ReleasePolicy

  init() throws { policy = try #require(ReleasePolicy(cohortMinimum: 10)) }

  func group(_ learners: Range<UInt64>, digest: Int64 = 1) -> [LearnerPseudonym: LearnerDigest] {
    Dictionary(
      uniqueKeysWithValues: learners.map { (LearnerPseudonym(high: 0, low: $0), LearnerDigest(value: digest)) })
  }

  func decision(_ cell: ReleaseCell, closing: Bool = false) -> ReleasePolicy.Decision? {
    policy.decisions(for: [cell], closingPeriod: closing)[cell.key]
  }

  @Test func theFloorIsFive() {
    #expect(ReleasePolicy(cohortMinimum: 4) == nil)
    #expect(ReleasePolicy(cohortMinimum: 5) != nil)
    #expect(ReleasePolicy()?.cohortMinimum == 10)
  }

  @Test func aSmallCohortIsNeverShown() {
    let nine = ReleaseCell(key: Key(segment: 1), current: group(0..<9))
    #expect(decision(nine) == .keep(pending: true))
    #expect(decision(nine, closing: true) == .keep(pending: true))
    let shrunk = ReleaseCell(key: Key(segment: 1), current: group(0..<9), released: group(0..<10), isShown: true)
    #expect(decision(shrunk) == .withdraw)
    #expect(decision(ReleaseCell(key: Key(segment: 1), current: group(0..<10))) == .release)
  }

  @Test func aShownCellChangesOnlyForAsManyOrAtThePeriodsEnd() {
    func cell(changed: Range<UInt64>) -> ReleaseCell {
      var current = group(0..<20)
      current.merge(group(changed, digest: 2)) { $1 }
      return ReleaseCell(key: Key(segment: 1), current: current, released: group(0..<20), isShown: true)
    }
    #expect(decision(cell(changed: 0..<0)) == .keep(pending: false))
    #expect(decision(cell(changed: 0..<0), closing: true) == .keep(pending: false))
    #expect(decision(cell(changed: 0..<9)) == .keep(pending: true))
    #expect(decision(cell(changed: 0..<9), closing: true) == .release)
    #expect(decision(cell(changed: 0..<10)) == .release)
  }

  @Test func comingAndGoingCountAsChanges() {
    let swapped = ReleaseCell(
      key: Key(segment: 1), current: group(5..<25), released: group(0..<20), departed: 0, isShown: true)
    #expect(swapped.changedLearners == 10)
    #expect(decision(swapped) == .release)
    let forgotten = ReleaseCell(
      key: Key(segment: 1), current: group(1..<20), released: group(1..<20), departed: 1, isShown: true)
    #expect(forgotten.changedLearners == 1)
    #expect(decision(forgotten) == .keep(pending: true))
  }

  /// One leaves and the cell goes; another comes: showing it again would tell the two apart.
  @Test func aWithdrawnCellDoesNotComeBackForAFewLearners() {
    let back = ReleaseCell(key: Key(segment: 1), current: group(1..<11), released: group(0..<10), isShown: false)
    #expect(decision(back) == .keep(pending: true))
    #expect(decision(back, closing: true) == .release)
    let same = ReleaseCell(key: Key(segment: 1), current: group(0..<10), released: group(0..<10), isShown: false)
    #expect(decision(same) == .release)
  }

  @Test func aSuppressedMinuteTakesOthersWithIt() {
    let cells = [
      ReleaseCell(key: Key(segment: 1), current: group(0..<30)),
      ReleaseCell(key: Key(segment: 1, minute: 0), current: group(0..<30)),
      ReleaseCell(key: Key(segment: 1, minute: 1), current: group(0..<12)),
      ReleaseCell(key: Key(segment: 1, minute: 2), current: group(0..<4)),
      ReleaseCell(key: Key(segment: 1, minute: 3), current: group(0..<25)),
    ]
    let decisions = policy.decisions(for: cells, closingPeriod: false)
    #expect(decisions[Key(segment: 1)] == .release)
    #expect(decisions[Key(segment: 1, minute: 0)] == .release)
    // Subtracting minutes 0 and 3 from the segment leaves minutes 1 and 2 together, at least ten learners.
    #expect(decisions[Key(segment: 1, minute: 1)] == .keep(pending: true))
    #expect(decisions[Key(segment: 1, minute: 2)] == .keep(pending: true))
    #expect(decisions[Key(segment: 1, minute: 3)] == .release)
  }

  @Test func minutesFollowTheirSegment() {
    let cells = [
      ReleaseCell(key: Key(segment: 1), current: group(0..<9)),
      ReleaseCell(key: Key(segment: 1, minute: 0), current: group(0..<20), released: group(0..<20), isShown: true),
      ReleaseCell(key: Key(segment: 2), current: group(0..<40)),
      ReleaseCell(key: Key(segment: 3), current: group(0..<11)),
    ]
    let decisions = policy.decisions(for: cells, closingPeriod: true)
    #expect(decisions[Key(segment: 1, minute: 0)] == .withdraw)
    #expect(decisions[Key(segment: 2)] == .release)
    #expect(decisions[Key(segment: 3)] == .keep(pending: true))
  }

  @Test func whatLiesOutsideAnySegmentHidesNoSegment() {
    let cells = [
      ReleaseCell(key: Key(segment: nil), current: group(0..<3)),
      ReleaseCell(key: Key(segment: 1), current: group(0..<20)),
      ReleaseCell(key: Key(segment: 2), current: group(0..<0)),
    ]
    let decisions = policy.decisions(for: cells, closingPeriod: false)
    #expect(decisions[Key(segment: nil)] == .keep(pending: true))
    #expect(decisions[Key(segment: 1)] == .release)
    #expect(decisions[Key(segment: 2)] == .keep(pending: false))
  }

  @Test(arguments: 0..<50 as Range<UInt64>) func noRandomReleaseShowsASmallCohort(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    var cells: [ReleaseCell] = []
    for segment in Int64(1)...5 {
      for minute in [nil, 0, 1, 2] as [Int32?] {
        let first = UInt64.random(in: 0..<20, using: &generator)
        cells.append(
          ReleaseCell(
            key: Key(segment: segment, minute: minute),
            current: group(first..<first + UInt64.random(in: 0..<20, using: &generator)),
            released: group(0..<UInt64.random(in: 0..<15, using: &generator)), isShown: .random(using: &generator)))
      }
    }
    let decisions = policy.decisions(for: cells, closingPeriod: .random(using: &generator))
    func isShownAfter(_ cell: ReleaseCell) -> Bool {
      switch decisions[cell.key] {
      case .release: true
      case .withdraw, nil: false
      case .keep: cell.isShown
      }
    }
    for cell in cells where isShownAfter(cell) { #expect(cell.current.count >= 10) }
    // Of a segment's minutes, never exactly one that holds somebody is hidden, unless there is no other.
    for segment in Int64(1)...5 where cells.contains(where: { $0.key == Key(segment: segment) && isShownAfter($0) }) {
      let minutes = cells.filter { $0.key.segment == segment && $0.key.minute != nil && !$0.current.isEmpty }
      let small = minutes.filter { $0.current.count < 10 }
      let shown = minutes.filter(isShownAfter)
      if small.count == 1 && minutes.count > 1 { #expect(shown.count <= minutes.count - 2) }
    }
  }

  @Test func shownNumbersAreRounded() {
    #expect(ReleasePolicy.shown(value: 5249) == 5200)
    #expect(ReleasePolicy.shown(value: 5250) == 5300)
    #expect(ReleasePolicy.shown(value: -250) == -300)
    #expect(policy.shown(learners: 14) == 10)
    #expect(policy.shown(learners: 15) == 15)
    #expect(ReleasePolicy(cohortMinimum: 12)?.shown(learners: 14) == 12)
  }
}
