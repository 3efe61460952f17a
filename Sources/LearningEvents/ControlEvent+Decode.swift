import JSON

extension ControlEvent {
  /// Decodes a record of the control topic in structured or binary mode, told apart by the header `content-type`. None
  /// at all is structured mode, because the value says what it is, unless there are attributes among the headers.
  package static func decode(
    headers: UnsafeBufferPointer<LentHeader>, value: UnsafeRawBufferPointer
  ) throws(EventError) -> ControlEvent {
    var attributes = ControlAttributes()
    for header in headers { try attributes.take(header) }
    if attributes.isStructured { return try decode(json: value) }
    let envelope = try attributes.envelope(explainedBy: headers)
    return try EventError.reading { () throws(JSONError) in
      try decode(envelope, data: JSONDocument(value).root())
    }
  }

  /// Decodes one structured CloudEvent.
  package static func decode(json: UnsafeRawBufferPointer) throws(EventError) -> ControlEvent {
    try EventError.reading { () throws(JSONError) in try decode(JSONDocument(json).root()) }
  }

  /// JSON values of a file: some 150,000 consents.
  static let batchValueLimit = 2_000_000

  /// Decodes a file or request: one structured CloudEvent, or a JSON array of them (CloudEvents' batch format). All or
  /// nothing.
  package static func decode(batch json: UnsafeRawBufferPointer) throws(EventError) -> [ControlEvent] {
    try EventError.reading { () throws(JSONError) in
      var events: [ControlEvent] = []
      for object in try JSONDocument(json, valueLimit: batchValueLimit).roots() { events.append(try decode(object)) }
      return events
    }
  }

  /// What every event says of itself.
  struct Envelope {
    let id: EventID
    let source: SourceID
    let time: EventTime
    let type: ControlEventType
  }

  static func decode(_ object: JSONObject) throws(JSONError) -> ControlEvent {
    guard try object.text("specversion") == "1.0" else { throw JSONError(object.place("specversion"), "not 1.0") }
    let id = EventID(try object.text("id"))
    let source = SourceID(try object.text("source"))
    let time = try object.time("time")
    guard let type = ControlEventType(rawValue: try object.text("type")) else {
      throw JSONError(object.place("type"), ControlEventType.rule)
    }
    if object.has("datacontenttype") {
      let isJSON = try object.bytes("datacontenttype").withUnsafeBytes { $0.isMediaType("application/json") }
      guard isJSON else { throw JSONError(object.place("datacontenttype"), "not application/json") }
    }
    return try decode(Envelope(id: id, source: source, time: time, type: type), data: try object.object("data"))
  }

  private static func decode(_ envelope: Envelope, data: JSONObject) throws(JSONError) -> ControlEvent {
    let (id, source, time) = (envelope.id, envelope.source, envelope.time)
    switch envelope.type {
    case .course:
      var event = CourseEvent(
        eventID: id, source: source, time: time, courseID: CourseID(try data.text("id")),
        title: try data.text("title", limitBytes: EventText.titleLimitBytes),
        teachers: try data.texts("teachers", limit: CourseEvent.teacherLimit).map { TeacherID($0) },
        segments: try segments(of: data))
      event.frameIntervalMilliseconds = try frameInterval(of: data)
      return .course(event)
    case .session:
      var event = SessionEvent(eventID: id, source: source, time: time, sessionID: SessionID(try data.text("id")))
      event.frameIntervalMilliseconds = try frameInterval(of: data)
      if data.has("title") { event.title = try data.text("title", limitBytes: EventText.titleLimitBytes) }
      return .session(event)
    case .consent:
      guard let scope = ConsentEvent.Scope(rawValue: try data.text("scope")) else {
        throw JSONError(data.place("scope"), "not analytics, individual_view or research")
      }
      return .consent(
        ConsentEvent(
          eventID: id, source: source, time: time, learnerID: LearnerID(try data.text("learner_id")), scope: scope,
          granted: try data.bool("granted")))
    }
  }

  private static func frameInterval(of data: JSONObject) throws(JSONError) -> Int32? {
    guard data.has("frame_interval_ms") else { return nil }
    return Int32(try data.integer("frame_interval_ms", in: ControlEvent.frameIntervalLimits))
  }

  private static func segments(of data: JSONObject) throws(JSONError) -> [SegmentDefinition] {
    var segments: [SegmentDefinition] = []
    var ids: Set<SegmentID> = []
    var ordinals: Set<Int32> = []
    for object in try data.objects("segments", limit: CourseEvent.segmentLimit) {
      let segment = SegmentDefinition(
        id: SegmentID(try object.text("id")), title: try object.text("title", limitBytes: EventText.titleLimitBytes),
        ordinal: Int32(try object.integer("ordinal", in: 0...1_000_000)), range: try range(of: object))
      guard ids.insert(segment.id).inserted else { throw JSONError(object.place("id"), "used by another segment") }
      guard ordinals.insert(segment.ordinal).inserted else {
        throw JSONError(object.place("ordinal"), "used by another segment")
      }
      segments.append(segment)
    }
    return segments
  }

  private static func range(of segment: JSONObject) throws(JSONError) -> SegmentDefinition.Range {
    let isMedia = segment.has("media_start_ms") || segment.has("media_end_ms")
    let isClock = segment.has("starts_at") || segment.has("ends_at")
    guard isMedia != isClock else {
      throw JSONError(segment.place(""), "needs either media_start_ms and media_end_ms or starts_at and ends_at")
    }
    if isMedia {
      let start = try segment.integer("media_start_ms", in: 0...FrameEvent.mediaPositionLimit)
      let end = try segment.integer("media_end_ms", in: 0...FrameEvent.mediaPositionLimit)
      guard start < end else { throw JSONError(segment.place("media_end_ms"), "not after media_start_ms") }
      return .media(startMilliseconds: start, endMilliseconds: end)
    }
    let start = try segment.time("starts_at")
    let end = try segment.time("ends_at")
    guard start < end else { throw JSONError(segment.place("ends_at"), "not after starts_at") }
    return .clock(start: start, end: end)
  }
}

extension CourseEvent {
  /// The most segments of one course.
  package static let segmentLimit = 10_000
  /// The most teachers of one course.
  package static let teacherLimit = 1_000
}
