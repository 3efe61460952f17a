import KafkaIO
import LearningEvents

/// What can be wrong with a frame record. Each case has a partition of its own: a good frame, the bad record, a good
/// frame.
enum IngestBadInput: String, CaseIterable, Sendable {
  case corruptImage, emptyValue, absentValue, fiftyMegabytes, bomb
  case noHeaders, missingHeader, repeatedHeader, malformedTime, sequenceTooLarge, invalidUTF8, controlCharacter, longID
  case brokenStructuredEvent, oversizedStructuredEvent
  case anotherLearnerInTheSession, tooOld, tooFarAhead, unknownCourse, noConsent, revokedConsent, sequenceReused
  case secondDelivery, secondDeliveryOtherBody, secondDeliveryCorruptBody

  var partition: Int32 { Int32(Self.allCases.firstIndex(of: self)!) }

  /// The reject it must become; nil for a duplicate.
  var code: RejectCode? {
    switch self {
    case .corruptImage, .emptyValue, .absentValue: .badImage
    case .fiftyMegabytes, .bomb, .oversizedStructuredEvent: .tooLarge
    case .noHeaders, .missingHeader, .repeatedHeader, .malformedTime, .sequenceTooLarge, .invalidUTF8,
      .controlCharacter, .longID, .brokenStructuredEvent, .anotherLearnerInTheSession:
      .badEvent
    case .tooOld, .tooFarAhead: .outOfWindow
    case .unknownCourse: .unknownCourse
    case .noConsent, .revokedConsent: .noConsent
    case .sequenceReused: .sequenceReused
    case .secondDelivery, .secondDeliveryOtherBody, .secondDeliveryCorruptBody: nil
    }
  }

  /// Whether the picture may be shown to recognition: only of a consented learner's otherwise good frame.
  var mayBeLookedAt: Bool { code == .badImage || self == .bomb }

  static let strangers = (consented: 1, none: "none", revoked: "revoked")

  func good(_ sequence: Int32) -> FrameEvent { IngestBench.frame(session: "good-\(rawValue)", sequence: sequence) }

  /// The picture of a frame of this case; each has its own.
  func picture(_ place: Int) -> [UInt8] { IngestPictures.picture(Int(partition) * 8 + place) }

  /// The bad record: its headers and value. `first` is the good frame before it.
  func record(after first: FrameEvent) -> (headers: [EventHeader], value: [UInt8]?) {
    var frame = IngestBench.frame(session: "bad-\(rawValue)", sequence: 1)
    var value: [UInt8]? = picture(1)
    func with(_ name: HeaderName, _ bytes: [UInt8]?) -> [EventHeader] {
      frame.binaryHeaders.filter { $0.name != name } + (bytes.map { [EventHeader(name: name, value: $0)] } ?? [])
    }
    switch self {
    case .corruptImage: value = Array("no picture at all".utf8)
    case .emptyValue: value = []
    case .absentValue: value = nil
    case .fiftyMegabytes: value = [UInt8](repeating: 0, count: 50 << 20)
    case .bomb: value = IngestPictures.bomb()
    case .noHeaders: return ([], value)
    case .missingHeader: return (with("ce_learnerid", nil), value)
    case .repeatedHeader:
      return (frame.binaryHeaders + [EventHeader("ce_learnerid", IngestBench.learner(0).text)], value)
    case .malformedTime: return (with("ce_time", Array("yesterday-\(IngestBench.marker)".utf8)), value)
    case .sequenceTooLarge: return (with("ce_sequence", Array("2147483648".utf8)), value)
    case .invalidUTF8: return (with("ce_learnerid", Array(IngestBench.marker.utf8) + [0xff, 0xfe]), value)
    case .controlCharacter: return (with("ce_sessionid", Array("\(IngestBench.marker)\u{0}".utf8)), value)
    case .longID:
      return (with("ce_courseid", Array(String(repeating: IngestBench.marker, count: 375).utf8)), value)
    case .brokenStructuredEvent:
      return (Self.structured, Array("{\"specversion\":\"1.0\",\"id\":\"\(IngestBench.marker)\"".utf8))
    case .oversizedStructuredEvent:
      return (Self.structured, Self.largePicture.withUnsafeBytes { frame.encoded(image: $0, mode: .structured).value })
    case .anotherLearnerInTheSession:
      frame = first
      frame.sequence = 1
      frame.learnerID = IngestBench.learner(Self.strangers.consented)
    case .tooOld: frame.capturedAt = IngestBench.now.advanced(by: .seconds(-15 * 86_400))
    case .tooFarAhead: frame.capturedAt = IngestBench.now.advanced(by: .seconds(2 * 86_400))
    case .unknownCourse: frame.courseID = "unknown-\(IngestBench.marker)"
    case .noConsent: frame.learnerID = IngestBench.learner(Self.strangers.none)
    case .revokedConsent: frame.learnerID = IngestBench.learner(Self.strangers.revoked)
    case .sequenceReused:
      frame = first
      frame.capturedAt = first.capturedAt.advanced(by: .seconds(1))
    case .secondDelivery: (frame, value) = (first, picture(0))
    case .secondDeliveryOtherBody: frame = first
    case .secondDeliveryCorruptBody: (frame, value) = (first, Array("no picture either".utf8))
    }
    return (frame.binaryHeaders, value)
  }

  /// The picture that recognition would be handed if nothing held it back; nil where the event carries none.
  func pictureOnOffer(after first: FrameEvent) -> [UInt8]? {
    switch self {
    case .brokenStructuredEvent: nil
    case .oversizedStructuredEvent: Self.largePicture
    default: record(after: first).value ?? []
    }
  }

  private static let largePicture = [UInt8](repeating: 0, count: FrameEvent.imageLimitBytes + 3)
  private static let structured = [EventHeader("content-type", "application/cloudevents+json")]
}
