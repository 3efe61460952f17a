import ImageTypes

/// The headers of a binary-mode frame, gathered in one pass over the record's headers.
///
/// Hot: tens of thousands of records a second pass through it. Names are told apart by length first; bytes become
/// strings only once.
struct FrameAttributes {
  private(set) var contentType: UnsafeRawBufferPointer?
  private(set) var traceparent: UnsafeRawBufferPointer?
  private var specVersion: UnsafeRawBufferPointer?
  private var type: UnsafeRawBufferPointer?
  private var id: UnsafeRawBufferPointer?
  private var source: UnsafeRawBufferPointer?
  private var time: UnsafeRawBufferPointer?
  private var sessionID: UnsafeRawBufferPointer?
  private var sequence: UnsafeRawBufferPointer?
  private var learnerID: UnsafeRawBufferPointer?
  private var courseID: UnsafeRawBufferPointer?
  private var segmentID: UnsafeRawBufferPointer?
  private var mediaPosition: UnsafeRawBufferPointer?
  private var faceBox: UnsafeRawBufferPointer?

  static let faceBoxRule = "not x,y,w,h in pixels of −65535…65535 with positive sides"

  mutating func take(_ header: LentHeader) throws(EventError) {
    guard let value = header.value else { return }
    let name = header.name
    switch name.count {
    case 5 where name.equals("ce_id"): try Self.set(&id, header)
    case 7 where name.equals("ce_time"): try Self.set(&time, header)
    case 7 where name.equals("ce_type"): try Self.set(&type, header)
    case 9 where name.equals("ce_source"): try Self.set(&source, header)
    case 10 where name.equals("ce_facebox"): try Self.set(&faceBox, header)
    case 11 where name.equals("ce_sequence"): try Self.set(&sequence, header)
    case 11 where name.equals("ce_courseid"): try Self.set(&courseID, header)
    // Instrumented clients add a second one: the last is the closest hop.
    case 11 where name.equals("traceparent"): traceparent = value
    case 12 where name.equals("ce_sessionid"): try Self.set(&sessionID, header)
    case 12 where name.equals("ce_learnerid"): try Self.set(&learnerID, header)
    case 12 where name.equals("ce_segmentid"): try Self.set(&segmentID, header)
    case 12 where name.equals("content-type"): try Self.set(&contentType, header)
    case 13 where name.equals("ce_mediaposms"): try Self.set(&mediaPosition, header)
    case 14 where name.equals("ce_specversion"): try Self.set(&specVersion, header)
    default: break
    }
  }

  static func set(_ slot: inout UnsafeRawBufferPointer?, _ header: LentHeader) throws(EventError) {
    guard slot == nil else { throw EventError(String(decoding: header.name, as: UTF8.self), "given twice") }
    slot = header.value
  }

  /// The event, once all headers are taken.
  func event(imageType: ImageType) throws(EventError) -> FrameEvent {
    guard try need(specVersion, "ce_specversion").equals("1.0") else { throw EventError("ce_specversion", "not 1.0") }
    guard try need(type, "ce_type").equals("org.lectern.frame.v1") else {
      throw EventError("ce_type", "not \(EventNames.frame)")
    }
    let capturedAt = try EventTime(header: need(time, "ce_time"), "ce_time")
    guard let number = DecimalInteger.parse(try need(sequence, "ce_sequence")), let exact = Int32(exactly: number),
      exact >= 0
    else { throw EventError("ce_sequence", "not an integer of 0…2147483647") }
    var event = FrameEvent(
      id: try EventText.id(need(id, "ce_id"), "ce_id"),
      source: try EventText.id(need(source, "ce_source"), "ce_source"),
      sessionID: try EventText.id(need(sessionID, "ce_sessionid"), "ce_sessionid"), sequence: exact,
      learnerID: try EventText.id(need(learnerID, "ce_learnerid"), "ce_learnerid"),
      courseID: try EventText.id(need(courseID, "ce_courseid"), "ce_courseid"), capturedAt: capturedAt,
      imageType: imageType)
    if let segmentID { event.segmentID = try EventText.id(segmentID, "ce_segmentid") }
    if let mediaPosition {
      guard let position = DecimalInteger.parse(mediaPosition), (0...FrameEvent.mediaPositionLimit).contains(position)
      else { throw EventError("ce_mediaposms", "not an integer of 0…\(FrameEvent.mediaPositionLimit)") }
      event.mediaPositionMilliseconds = position
    }
    if let faceBox {
      guard let box = FaceBox(attribute: faceBox) else { throw EventError("ce_facebox", Self.faceBoxRule) }
      event.faceBox = box
    }
    if let traceparent { event.traceparent = TraceParent.parse(traceparent) }
    return event
  }

  private func need(
    _ value: UnsafeRawBufferPointer?, _ attribute: @autoclosure () -> String
  ) throws(EventError) -> UnsafeRawBufferPointer {
    guard let value else { throw EventError.missing(attribute()) }
    return value
  }
}
