package import LearningEvents
package import Recognition
import Vision

/// Which pictures a set of drawn faces consists of: so many of each emotion, dealt out to the subjects in turn.
///
/// **Synthetic**: see ``SyntheticFaceRenderer``. The same plan gives the same pictures, in any order and on any thread.
package struct SyntheticPlan: Sendable, Hashable {
  /// One picture of the set.
  package struct Item: Sendable, Hashable {
    package let emotion: Emotion
    /// The number of the subject, from 0.
    package let subject: Int
    /// What the renderer takes.
    package let learner: UInt64
    package let frame: UInt64

    /// Different for each picture of a plan, such as `subject-007-tired-0012`.
    package var name: String {
      func padded(_ number: UInt64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
      }
      return "subject-\(padded(UInt64(subject), 3))-\(emotion)-\(padded(frame & 0xFFFF_FFFF, 4))"
    }
  }

  /// The data set's class counts as printed (Sun, Liu, Qian 2024), in the order of the emotions; they sum to 2027.
  package static let printedCounts = [406, 306, 367, 298, 278, 372]

  package let subjects: SyntheticSubjects
  /// Pictures of each emotion, in their order.
  package let counts: [Int]
  package let nuisance: Nuisance

  /// - Parameter counts: six, none negative.
  package init(subjects: SyntheticSubjects, counts: [Int] = printedCounts, nuisance: Nuisance = .room) {
    precondition(counts.count == Emotion.allCases.count && counts.allSatisfy { $0 >= 0 }, "six counts, none negative")
    (self.subjects, self.counts, self.nuisance) = (subjects, counts, nuisance)
  }

  /// So many pictures in all, in the proportions of the printed counts: largest remainders, ties to the first.
  package static func counts(of total: Int) -> [Int] {
    let sum = printedCounts.reduce(0, +)
    var counts = printedCounts.map { total * $0 / sum }
    let byRemainder = printedCounts.indices.sorted { a, b in
      let (first, second) = (total * printedCounts[a] % sum, total * printedCounts[b] % sum)
      return first != second ? first > second : a < b
    }
    for place in byRemainder.prefix(total - counts.reduce(0, +)) { counts[place] += 1 }
    return counts
  }

  /// All pictures, emotion by emotion. Each emotion begins with another subject, so that what is left over does not
  /// always fall to the first ones.
  package var items: [Item] {
    Emotion.allCases.enumerated().flatMap { place, emotion in
      (0..<counts[place]).map { index in
        let subject = (index + place * subjects.count / counts.count) % subjects.count
        return Item(
          emotion: emotion, subject: subject, learner: subjects[subject],
          frame: UInt64(place) << 32 | UInt64(index))
      }
    }
  }

  /// Draws one picture and looks for its face as in a real one: nil where it is not found, and the picture is to
  /// be left out. Blocks for some 80 ms.
  package func draw(_ item: Item, finder: FaceFinder) throws -> (picture: SyntheticPicture, face: FoundFace?) {
    let picture = SyntheticFaceRenderer().render(
      learner: item.learner, frame: item.frame, scene: .face(item.emotion), nuisance: nuisance)
    return (picture, try finder.face(in: picture.image.gray))
  }
}
