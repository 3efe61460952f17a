import ImageTypes
import JSON

extension FrameEvent {
  /// Decodes a frame record in binary or structured mode, told apart by the header `content-type`.
  ///
  /// Judges the event alone: not the picture, its size or the record's key (a wrong key costs order, nothing else).
  /// Unknown headers are ignored, a repeated known one is an error, because two readers might choose differently. Keeps
  /// no pointer.
  package static func decode(
    headers: UnsafeBufferPointer<LentHeader>, value: UnsafeRawBufferPointer
  ) throws(EventError) -> (event: FrameEvent, image: FrameImage) {
    do throws(EventError) {
      return try decode(record: headers, value: value)
    } catch {
      throw error.explained(by: headers)
    }
  }

  private static func decode(
    record headers: UnsafeBufferPointer<LentHeader>, value: UnsafeRawBufferPointer
  ) throws(EventError) -> (event: FrameEvent, image: FrameImage) {
    var attributes = FrameAttributes()
    for header in headers { try attributes.take(header) }
    guard let contentType = attributes.contentType else { throw EventError.missing("content-type") }
    if contentType.isMediaType("application/cloudevents+json") {
      let traceparent = attributes.traceparent
      return try EventError.reading { () throws(JSONError) in
        try decodeStructured(JSONDocument(value).root(), traceparent: traceparent)
      }
    }
    guard let imageType = ImageType(mediaType: contentType) else {
      throw EventError("content-type", FrameSlip.reason(ofContentType: contentType))
    }
    let event = try attributes.event(imageType: imageType)
    if let reason = FrameSlip.reason(ofPicture: value) { throw EventError("value", reason) }
    return (event, .recordValue(byteCount: value.count))
  }

  /// Decodes one structured-mode event: JSON whose picture stands in `data_base64`.
  static func decodeStructured(
    _ object: JSONObject, traceparent: UnsafeRawBufferPointer? = nil
  ) throws(JSONError) -> (event: FrameEvent, image: FrameImage) {
    let type = try object.bytes("datacontenttype")
    guard let imageType = type.withUnsafeBytes(ImageType.init(mediaType:)) else {
      let isJPG = type.withUnsafeBytes { $0.isMediaType("image/jpg") }
      throw JSONError(
        "datacontenttype", isJPG ? FrameSlip.jpg : "neither \(ImageType.mediaTypes("nor"))")
    }
    guard try object.text("specversion") == "1.0" else { throw JSONError("specversion", "not 1.0") }
    guard try object.text("type") == EventNames.frame else { throw JSONError("type", "not \(EventNames.frame)") }
    var event = FrameEvent(
      id: EventID(try object.text("id")), source: SourceID(try object.text("source")),
      sessionID: SessionID(try object.text("sessionid")),
      sequence: Int32(try object.integer("sequence", in: 0...Int64(Int32.max))),
      learnerID: LearnerID(try object.text("learnerid")), courseID: CourseID(try object.text("courseid")),
      capturedAt: try object.time("time"), imageType: imageType)
    if object.has("segmentid") { event.segmentID = SegmentID(try object.text("segmentid")) }
    if object.has("mediaposms") {
      event.mediaPositionMilliseconds = try object.integer("mediaposms", in: 0...mediaPositionLimit)
    }
    if object.has("facebox") {
      let box = try object.bytes("facebox").withUnsafeBytes(FaceBox.init(attribute:))
      guard let box else { throw JSONError("facebox", FrameAttributes.faceBoxRule) }
      event.faceBox = box
    }
    if let traceparent { event.traceparent = TraceParent.parse(traceparent) }
    if event.traceparent == nil, object.has("traceparent"), let bytes = try? object.bytes("traceparent") {
      event.traceparent = bytes.withUnsafeBytes(TraceParent.parse)
    }
    return (event, try image(of: object))
  }

  private static func image(of object: JSONObject) throws(JSONError) -> FrameImage {
    guard object.has("data_base64") else {
      guard !object.has("data") else { throw JSONError("data_base64", "missing: data must be base64") }
      return .decoded([])
    }
    return try object.withStringBytes("data_base64") { (bytes: UnsafeRawBufferPointer) throws(JSONError) in
      let byteCount = Base64.decodedByteCount(bytes)
      guard byteCount <= imageLimitBytes else { return .oversized(byteCount: byteCount) }
      guard let decoded = Base64.decode(bytes) else {
        throw JSONError("data_base64", FrameSlip.reason(ofBase64: bytes))
      }
      return .decoded(decoded)
    }
  }
}

/// The `traceparent` header of W3C Trace Context.
enum TraceParent {
  /// `00-<32 hex>-<16 hex>-<2 hex>`, lower case; nil for anything else, which that standard says to ignore.
  static func parse(_ bytes: UnsafeRawBufferPointer) -> String? {
    guard bytes.count == 55 else { return nil }
    for (index, byte) in bytes.enumerated() {
      switch index {
      case 2, 35, 52: guard byte == UInt8(ascii: "-") else { return nil }
      default:
        guard (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66) else { return nil }
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
