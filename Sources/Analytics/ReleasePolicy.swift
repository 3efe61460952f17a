/// Decides which cells of a course are shown, and when a shown cell may change: design rule "suppression".
///
/// With the cohort minimum n (default 10, never under 5):
/// - A cell with fewer than n published learners is not shown, whatever was shown before.
/// - Suppression is joint within a group of cells that add up to something known, the segments of a course and the
///   minutes of a segment. Where a cell is suppressed, the smallest of the others follow until at least two cells
///   are hidden and together hold at least n learners, so that no subtraction isolates fewer. Minutes are shown only
///   with their segment. What lies outside any segment is no part of such a sum and stands alone.
/// - A shown cell changes only when at least n learners came, went or changed since its last release, or at the
///   period's end. A withdrawn cell comes back by the same rule, so that no two releases differ by fewer.
/// - What is shown is rounded: values to one point of a hundred, learners down to a multiple of five.
package struct ReleasePolicy: Sendable, Hashable {
  package static let cohortFloor = 5
  package static let defaultCohortMinimum = 10

  /// What becomes of a cell in this release.
  package enum Decision: Sendable, Hashable {
    /// Nothing changes; `pending` says that changes wait for more learners or the period's end.
    case keep(pending: Bool)
    /// Show the present values.
    case release
    /// Stop showing it.
    case withdraw
  }

  package let cohortMinimum: Int

  /// nil if the minimum is under the floor of 5.
  package init?(cohortMinimum: Int = ReleasePolicy.defaultCohortMinimum) {
    guard cohortMinimum >= Self.cohortFloor else { return nil }
    self.cohortMinimum = cohortMinimum
  }

  /// One decision for each cell of one course.
  ///
  /// - Parameter closingPeriod: the period ended: what waits is released although fewer than n learners changed it.
  package func decisions(for cells: [ReleaseCell], closingPeriod: Bool) -> [ReleaseCell.Key: Decision] {
    let hidden = hiddenCells(of: cells)
    return Dictionary(
      uniqueKeysWithValues: cells.map { cell in
        (cell.key, decision(for: cell, isHidden: hidden.contains(cell.key), closingPeriod: closingPeriod))
      })
  }

  private func decision(for cell: ReleaseCell, isHidden: Bool, closingPeriod: Bool) -> Decision {
    let changed = cell.changedLearners
    if isHidden { return cell.isShown ? .withdraw : .keep(pending: changed > 0) }
    if changed >= cohortMinimum { return .release }
    if changed == 0 { return cell.isShown ? .keep(pending: false) : .release }
    return closingPeriod ? .release : .keep(pending: true)
  }

  private func hiddenCells(of cells: [ReleaseCell]) -> Set<ReleaseCell.Key> {
    var hidden = jointlyHidden(cells.filter { $0.key.minute == nil && $0.key.segment != nil })
    hidden.formUnion(jointlyHidden(cells.filter { $0.key.minute == nil && $0.key.segment == nil }))
    let minutes = Dictionary(grouping: cells.filter { $0.key.minute != nil }, by: \.key.segment)
    for (segment, cells) in minutes {
      if hidden.contains(.init(segment: segment)) {
        hidden.formUnion(cells.map(\.key))
      } else {
        hidden.formUnion(jointlyHidden(cells))
      }
    }
    return hidden
  }

  /// Primary suppression of a group of cells, then the complementary one.
  private func jointlyHidden(_ group: [ReleaseCell]) -> Set<ReleaseCell.Key> {
    var hidden = group.filter { $0.current.count < cohortMinimum }
    // An empty cell is hidden but hides nobody.
    guard hidden.contains(where: { !$0.current.isEmpty }) else { return Set(hidden.map(\.key)) }
    var learners = Set(hidden.flatMap(\.current.keys))
    var candidates = group.filter { $0.current.count >= cohortMinimum }
      .sorted { ($0.current.count, $0.key) < ($1.current.count, $1.key) }
    while hidden.count(where: { !$0.current.isEmpty }) < 2 || learners.count < cohortMinimum, !candidates.isEmpty {
      let next = candidates.removeFirst()
      hidden.append(next)
      learners.formUnion(next.current.keys)
    }
    return Set(hidden.map(\.key))
  }

  /// A value in ten-thousandths as it is shown: whole points of a hundred, half away from zero.
  package static func shown(value: Int64) -> Int64 { 100 * roundedHalfAwayFromZero(Int128(value), over: 100) }

  /// A cohort that may be shown, as it is shown: down to a multiple of five, though never under the minimum.
  package func shown(learners: Int32) -> Int32 { max(learners - learners % 5, Int32(clamping: cohortMinimum)) }
}
