import JSON

extension ControlEvent {
  /// The record: structured mode, keyed by course, session or learner.
  package func encoded() -> EncodedEvent {
    EncodedEvent(
      key: key, headers: [EventHeader("content-type", EventNames.structured)], value: Array(json.utf8))
  }

  /// The CloudEvent as JSON, members in a fixed order.
  package var json: String { json(pseudonym: nil) }

  /// The same with a consent's learner under a pseudonym, and with the extension `recordedtime`, where they are given.
  package func json(pseudonym: String?, recordedAt: EventTime? = nil) -> String {
    let data: String
    switch self {
    case .course(let event):
      let segments = event.segments.map(Self.json).joined(separator: ",")
      let teachers = event.teachers.map { JSONText.quoted($0.text) }.joined(separator: ",")
      data =
        #""id":\#(JSONText.quoted(event.courseID.text)),"title":\#(JSONText.quoted(event.title)),"#
        + #""teachers":[\#(teachers)],"segments":[\#(segments)]\#(Self.json(interval: event.frameIntervalMilliseconds))"#
    case .session(let event):
      let interval = Self.json(interval: event.frameIntervalMilliseconds)
      let title = event.title.map { #","title":\#(JSONText.quoted($0))"# } ?? ""
      data = #""id":\#(JSONText.quoted(event.sessionID.text))\#(interval)\#(title)"#
    case .consent(let event):
      data =
        #""learner_id":\#(JSONText.quoted(pseudonym ?? event.learnerID.text)),"scope":"\#(event.scope.rawValue)","#
        + #""granted":\#(event.granted)"#
    }
    let recorded = recordedAt.map { #","recordedtime":"\#($0.rfc3339)""# } ?? ""
    return #"{"specversion":"1.0","id":\#(JSONText.quoted(id.text)),"source":\#(JSONText.quoted(source.text)),"#
      + #""type":"\#(type.rawValue)","time":"\#(time.rfc3339)"\#(recorded),"datacontenttype":"application/json","data":{\#(data)}}"#
  }

  private static func json(interval: Int32?) -> String { interval.map { #","frame_interval_ms":\#($0)"# } ?? "" }

  private static func json(_ segment: SegmentDefinition) -> String {
    let range =
      switch segment.range {
      case .media(let start, let end): #""media_start_ms":\#(start),"media_end_ms":\#(end)"#
      case .clock(let start, let end): #""starts_at":"\#(start.rfc3339)","ends_at":"\#(end.rfc3339)""#
      }
    return #"{"id":\#(JSONText.quoted(segment.id.text)),"title":\#(JSONText.quoted(segment.title)),"#
      + #""ordinal":\#(segment.ordinal),\#(range)}"#
  }
}
