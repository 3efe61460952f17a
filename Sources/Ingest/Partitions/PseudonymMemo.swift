import Cryptography
import LearningEvents

/// The pseudonyms of the learners of one batch: each is computed once however many frames there are.
///
/// It holds the LMS's ids and must not outlive its batch.
struct PseudonymMemo {
  private struct Learner: Hashable {
    let source: SourceID
    let id: LearnerID

    // By the id alone: the same id at two LMSs is rare and costs a comparison.
    func hash(into hasher: inout Hasher) { hasher.combine(id) }
  }

  private let pseudonymizer: LearnerPseudonymizer
  private var known: [Learner: LearnerPseudonym] = [:]

  init(_ pseudonymizer: LearnerPseudonymizer) { self.pseudonymizer = pseudonymizer }

  mutating func pseudonym(source: SourceID, learnerID: LearnerID) -> LearnerPseudonym {
    let learner = Learner(source: source, id: learnerID)
    if let pseudonym = known[learner] { return pseudonym }
    let pseudonym = pseudonymizer.pseudonym(source: source, learnerID: learnerID)
    known[learner] = pseudonym
    return pseudonym
  }
}
