import JSON

/// The headers of a control record, gathered in one pass.
struct ControlAttributes {
  private var contentType: UnsafeRawBufferPointer?
  private var specVersion: UnsafeRawBufferPointer?
  private var id: UnsafeRawBufferPointer?
  private var source: UnsafeRawBufferPointer?
  private var time: UnsafeRawBufferPointer?
  private var type: UnsafeRawBufferPointer?
  /// Whether an attribute's name is there in another spelling, such as `ce-type`.
  private var hasNearName = false

  mutating func take(_ header: LentHeader) throws(EventError) {
    guard header.value != nil else { return }
    let name = header.name
    if name.equals("content-type") {
      try FrameAttributes.set(&contentType, header)
    } else if name.equals("ce_specversion") {
      try FrameAttributes.set(&specVersion, header)
    } else if name.equals("ce_id") {
      try FrameAttributes.set(&id, header)
    } else if name.equals("ce_source") {
      try FrameAttributes.set(&source, header)
    } else if name.equals("ce_time") {
      try FrameAttributes.set(&time, header)
    } else if name.equals("ce_type") {
      try FrameAttributes.set(&type, header)
    } else if ["ce_specversion", "ce_type", "ce_id"].contains(where: { NearName.areNear(name, $0.utf8) }) {
      hasNearName = true
    }
  }

  /// Whether the record's value is the whole event.
  var isStructured: Bool {
    guard let contentType else { return specVersion == nil && type == nil && !hasNearName }
    return contentType.isMediaType("application/cloudevents+json")
  }

  /// The event of binary mode, whose value is its data.
  func envelope(explainedBy headers: UnsafeBufferPointer<LentHeader>) throws(EventError) -> ControlEvent.Envelope {
    do throws(EventError) { return try envelope() } catch { throw error.explained(by: headers) }
  }

  private func envelope() throws(EventError) -> ControlEvent.Envelope {
    if let contentType, !contentType.isMediaType("application/json") {
      throw EventError("content-type", "neither \(EventNames.structured) nor, for binary mode, application/json")
    }
    guard let specVersion else {
      // JSON without attributes among its headers is a structured event that says so wrongly.
      throw type == nil && id == nil && !hasNearName
        ? EventError("content-type", "not \(EventNames.structured), and no attributes among the headers")
        : .missing("ce_specversion")
    }
    guard specVersion.equals("1.0") else { throw EventError("ce_specversion", "not 1.0") }
    guard let id else { throw .missing("ce_id") }
    guard let source else { throw .missing("ce_source") }
    guard let time else { throw .missing("ce_time") }
    guard let type else { throw .missing("ce_type") }
    guard let type = ControlEventType(rawValue: String(decoding: type, as: UTF8.self)) else {
      throw EventError("ce_type", ControlEventType.rule)
    }
    return ControlEvent.Envelope(
      id: try EventText.id(id, "ce_id"), source: try EventText.id(source, "ce_source"),
      time: try EventTime(header: time, "ce_time"), type: type)
  }
}
