import KafkaIO
import LearningEvents
import StableHashing

/// A record among good frames that is none, or is one for the second time; of each some in a hundred, chosen by a seed.
enum Impurity: Sendable, CaseIterable {
  /// A frame that the log has already: a counted duplicate.
  case secondDelivery
  /// Its number with another time: `sequence_reused`.
  case reusedNumber
  /// Events that no decoder takes: `bad_event`.
  case missingHeader, malformedTime
  /// Captured before anything is taken: `out_of_window`.
  case tooOld

  /// Chooses what the next record is: nil, a good frame, mostly.
  static func next(using generator: inout SplitMix64) -> Impurity? {
    switch generator.next(below: 200) {
    case ..<4: .secondDelivery
    case ..<6: .reusedNumber
    case 6: .missingHeader
    case 7: .malformedTime
    case 8: .tooOld
    default: nil
    }
  }

  /// Whether it needs a frame that was acknowledged before.
  var repeatsAFrame: Bool { self == .secondDelivery || self == .reusedNumber }

  var expectation: FaultJournal.Expectation {
    switch self {
    case .secondDelivery: .duplicate
    case .reusedNumber: .rejected(as: .sequenceReused)
    case .missingHeader, .malformedTime: .rejected(as: .badEvent)
    case .tooOld: .rejected(as: .outOfWindow)
    }
  }

  /// The frame as the journal knows it, and the headers that are sent.
  func record(of frame: FrameEvent) -> (frame: FrameEvent, headers: [EventHeader]) {
    var frame = frame
    switch self {
    case .secondDelivery: break
    case .reusedNumber: frame.capturedAt = frame.capturedAt.advanced(by: .milliseconds(1))
    case .tooOld: frame.capturedAt = frame.capturedAt.advanced(by: .seconds(-15 * 86_400))
    case .missingHeader: return (frame, frame.binaryHeaders.filter { $0.name != "ce_learnerid" })
    case .malformedTime:
      return (frame, frame.binaryHeaders.filter { $0.name != "ce_time" } + [EventHeader("ce_time", "yesterday")])
    }
    return (frame, frame.binaryHeaders)
  }
}
