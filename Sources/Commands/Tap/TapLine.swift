import ImageTypes
import KafkaIO
package import LearningEvents
import PlainText

/// The printable part of one event: place, time, size, source, course, id. Never the picture, the id of a learner or
/// session, or a title.
package struct TapLine: Encodable, Equatable {
  let partition: Int32
  let offset: Int64
  /// The record's time, RFC 3339.
  let time: String?
  /// Of the record's value.
  let bytes: Int
  /// `binary` or `structured`, after the record's `content-type`.
  let mode: String
  /// `frame`, `course`, `session`, `consent` or `bad`.
  let type: String
  /// The LMS, course and event, as far as a record that is no event says them.
  var source: SourceID?
  var course: CourseID?
  var id: EventID?
  var segment: SegmentID?
  var sequence: Int32?
  var capturedAt: String?
  var imageType: String?
  var imageBytes: Int?
  var mediaPositionMs: Int64?
  var segments: Int?
  var frameIntervalMs: Int32?
  var scope: String?
  var granted: Bool?
  /// When the LMS said it.
  var eventTime: String?
  /// Why it is bad.
  var reason: String?
  /// What is allowed and hardly meant.
  var warnings: [String]?

  /// The decoded record.
  package enum Content {
    case frame(FrameEvent, imageByteCount: Int)
    case control(ControlEvent)
    case bad(EventError, EventReference)
  }

  init(_ record: KafkaRecord, isControl: Bool) {
    let content: Content
    do throws(EventError) {
      if isControl {
        content = .control(try record.controlEvent())
      } else {
        let (event, image) = try record.decodeFrame()
        content = .frame(event, imageByteCount: image.byteCount)
      }
    } catch {
      content = .bad(error, record.eventReference)
    }
    let isStructured = record.withHeaders { headers in
      headers.contains { header in
        header.name.elementsEqual("content-type".utf8)
          && header.value?.starts(with: "application/cloudevents".utf8) == true
      }
    }
    self.init(
      partition: record.partition, offset: record.offset, timestampMilliseconds: record.timestampMilliseconds,
      byteCount: record.valueByteCount, isStructured: isStructured, content)
  }

  package init(
    partition: Int32, offset: Int64, timestampMilliseconds: Int64?, byteCount: Int, isStructured: Bool,
    _ content: Content
  ) {
    (self.partition, self.offset, bytes) = (partition, offset, byteCount)
    time = timestampMilliseconds.flatMap { milliseconds in
      let (microseconds, overflow) = milliseconds.multipliedReportingOverflow(by: 1000)
      return overflow ? nil : EventTime(microseconds: microseconds).rfc3339
    }
    mode = isStructured ? "structured" : "binary"
    let reference: EventReference
    switch content {
    case .frame(let event, let imageByteCount):
      (type, reference) = (EventKind.frame.rawValue, EventReference(event))
      (segment, sequence) = (event.segmentID, event.sequence)
      (capturedAt, mediaPositionMs) = (event.capturedAt.rfc3339, event.mediaPositionMilliseconds)
      (imageType, imageBytes) = ("\(event.imageType.mediaType)", imageByteCount)
    case .control(let event):
      type = EventKind(event.type).rawValue
      (eventTime, reference) = (event.time.rfc3339, EventReference(event))
      warnings = event.warnings.isEmpty ? nil : event.warnings
      switch event {
      case .course(let event):
        (segments, frameIntervalMs) = (event.segments.count, event.frameIntervalMilliseconds)
      case .session(let event): frameIntervalMs = event.frameIntervalMilliseconds
      case .consent(let event): (scope, granted) = (event.scope.rawValue, event.granted)
      }
    case .bad(let error, let found):
      // The detail names the attribute and what is wrong with it, never its value.
      (type, reason, reference) = ("bad", error.detail, found)
    }
    (source, course, id) = (reference.source, reference.courseID, reference.eventID)
  }

  /// `0/1234 2026-11-23T10:00:00Z frame binary course=math sequence=7 …`, without characters that could steer a
  /// terminal.
  package var text: String {
    var words = ["\(partition)/\(offset)", time ?? "-", type, mode, "bytes=\(bytes)"]
    func add(_ name: String, _ value: (some CustomStringConvertible)?) {
      if let value { words.append("\(name)=\("\(value)".printable)") }
    }
    add("source", source)
    add("course", course)
    add("id", id)
    add("segment", segment)
    add("sequence", sequence)
    add("captured", capturedAt)
    add("image", imageType)
    add("image_bytes", imageBytes)
    add("media_ms", mediaPositionMs)
    add("segments", segments)
    add("interval_ms", frameIntervalMs)
    add("scope", scope)
    add("granted", granted)
    add("said", eventTime)
    for warning in warnings ?? [] { words.append("warning=\"\(warning.printable)\"") }
    if let reason { words.append("reason=\"\(reason.printable)\"") }
    return words.joined(separator: " ") + "\n"
  }
}
