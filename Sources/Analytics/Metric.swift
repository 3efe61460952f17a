/// What is measured of a learner in a segment, and then of a segment over its learners.
///
/// Every value is an integer in ten-thousandths of its unit. Raw values are the names in the database and never change.
package enum Metric: String, Sendable, CaseIterable {
  /// V: classified time over expected time, 0…10000. The one metric that exists for learners under half coverage.
  case coverage
  /// C/100, 0…10000, with the band it has when confusion counts for less or for more.
  case concentration
  case concentrationLow = "concentration_low"
  case concentrationHigh = "concentration_high"
  /// E/100, 0…10000; 5000 is neutral.
  case engagement
  /// q_focused + q_curious + q_confused, 0…10000.
  case onTask = "on_task"
  /// q_curious + q_happy here minus the same over the learner's whole course, −10000…10000.
  case interest
  /// q of each emotion: the time-weighted mean probability, 0…10000.
  case focused, distracted, curious, confused, tired, happy
  /// Confusion episodes of a learner, × 10000; the mean over learners is in ten-thousandths of an episode.
  case confusionEpisodes = "confusion_episodes"
  /// Those of them that were resolved, × 10000. The resolution rate is this mean over the one above.
  case confusionResolved = "confusion_resolved"
  /// Time in episodes over expected time, in ten-thousandths. May pass 10000 where an episode outlasts its segment.
  case confusionTime = "confusion_time"
}
