import Arguments
import Configuration
import Cryptography
package import LearningEvents
package import Persistence

/// One learner, by the LMS's id.
struct LearnerOptions: ArgumentGroup {
  static let required: [any AnyConfigurationKey] = [Keys.postgresURL, Keys.pseudonymSecret]

  @Option(help: "the LMS, its CloudEvents source") var source: SourceID
  @Option(help: "the learner's id in that LMS; - reads it from standard input, where no history keeps it")
  var learner: LearnerID

  /// The learner, whose id is read from standard input where `-` stands for it.
  func read(_ context: CommandContext) throws(UsageError) -> NamedLearner {
    do throws(EventError) {
      var bytes = Array(learner.utf8)
      if learner == "-" {
        guard let line = context.environment.inputLine() else {
          throw EventError("--learner", "standard input ended before it")
        }
        bytes = line
      }
      let id = try LearnerID(validating: bytes, named: "--learner")
      return NamedLearner(
        source: source, id: id, pseudonym: context.pseudonymizer.pseudonym(source: source, learnerID: id))
    } catch {
      throw UsageError(error.detail)
    }
  }
}

/// A learner whom somebody named, with what the database knows them by.
struct NamedLearner: Sendable {
  let source: SourceID
  let id: LearnerID
  let pseudonym: LearnerPseudonym
}

/// Nothing was ever said or stored of a learner: most likely the id or the source is not spelled as the LMS spells it.
package struct UnknownLearner: Error, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ knowledge: LearnerKnowledge, source: SourceID, remedy: String = "") {
    if knowledge.sourceIsKnown {
      description =
        "nothing is known of this learner of '\(source)': no consent, no session, no erasure; nothing was changed. "
        + "An id is its bytes: spell it as the LMS does\(remedy)"
    } else {
      let known = knowledge.knownSources.map { "'\($0)'" }.joined(separator: ", ")
      description =
        "no course or session of '\(source)' is known, nor this learner; nothing was changed. "
        + (known.isEmpty ? "No LMS has announced any yet" : "Known: \(known)") + remedy
    }
  }
}
