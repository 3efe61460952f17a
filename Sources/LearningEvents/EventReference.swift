import JSON

/// Which LMS, course and event a record speaks of, as far as it says so: what an LMS finds its own record by. Never a
/// learner or a session.
package struct EventReference: Sendable, Hashable {
  package var source: SourceID?
  package var courseID: CourseID?
  package var eventID: EventID?

  package init(source: SourceID? = nil, courseID: CourseID? = nil, eventID: EventID? = nil) {
    (self.source, self.courseID, self.eventID) = (source, courseID, eventID)
  }

  package init(_ frame: FrameEvent) {
    self.init(source: frame.source, courseID: frame.courseID, eventID: frame.id)
  }

  package init(_ event: ControlEvent) {
    self.init(source: event.source, eventID: event.id)
    if case .course(let course) = event { courseID = course.courseID }
  }

  /// Reads what can be read of a record that is no event. An attribute that breaks its own rule is left out.
  ///
  /// JSON is read only where it is a CloudEvent: the `id` of anything else may be a learner's or a session's.
  package init(headers: UnsafeBufferPointer<LentHeader>, value: UnsafeRawBufferPointer) {
    self.init()
    for header in headers {
      guard let value = header.value else { continue }
      if header.name.equals("ce_source") { source = try? EventText.id(value, "") }
      if header.name.equals("ce_courseid") { courseID = try? EventText.id(value, "") }
      if header.name.equals("ce_id") { eventID = try? EventText.id(value, "") }
    }
    guard source == nil, eventID == nil, let object = try? JSONDocument(value).root(),
      let type = try? object.text("type"), (try? object.text("specversion")) != nil
    else { return }
    func id<Kind>(_ name: String, in object: JSONObject) -> Identifier<Kind>? {
      (try? object.text(name)).map { Identifier($0) }
    }
    (source, eventID, courseID) = (id("source", in: object), id("id", in: object), id("courseid", in: object))
    if type == ControlEventType.course.rawValue, let data = try? object.object("data") {
      courseID = id("id", in: data)
    }
  }
}
