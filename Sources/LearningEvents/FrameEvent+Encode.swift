import Foundation
import ImageTypes
import JSON

extension FrameEvent {
  /// How a frame stands in its record.
  package enum ContentMode: String, CaseIterable, Sendable {
    /// Attributes in headers, the picture as the value: preferred.
    case binary
    /// All in one JSON text, the picture in base64: a third larger.
    case structured
  }

  /// The record of this frame and its picture, keyed by session.
  package func encoded(image: UnsafeRawBufferPointer, mode: ContentMode = .binary) -> EncodedEvent {
    switch mode {
    case .binary:
      EncodedEvent(key: Array(sessionID.utf8), headers: binaryHeaders, value: Array(image))
    case .structured:
      EncodedEvent(
        key: Array(sessionID.utf8), headers: [EventHeader("content-type", EventNames.structured)],
        value: structuredValue(image: image))
    }
  }

  /// The headers of binary mode.
  package var binaryHeaders: [EventHeader] {
    [EventHeader("content-type", "\(imageType.mediaType)")]
      + attributes.map { EventHeader(HeaderName($0.name == "traceparent" ? $0.name : "ce_\($0.name)"), $0.value) }
  }

  /// CloudEvents attribute names and values, in a fixed order.
  private var attributes: [(name: String, value: String)] {
    var all = [
      ("specversion", "1.0"), ("id", id.text), ("source", source.text), ("type", EventNames.frame),
      ("time", capturedAt.rfc3339), ("sessionid", sessionID.text), ("sequence", String(sequence)),
      ("learnerid", learnerID.text), ("courseid", courseID.text),
    ]
    if let segmentID { all.append(("segmentid", segmentID.text)) }
    if let mediaPositionMilliseconds { all.append(("mediaposms", String(mediaPositionMilliseconds))) }
    if let faceBox { all.append(("facebox", faceBox.attribute)) }
    if let traceparent { all.append(("traceparent", traceparent)) }
    return all
  }

  private func structuredValue(image: UnsafeRawBufferPointer) -> [UInt8] {
    let members = attributes.map { name, value in
      // `sequence` is a string in CloudEvents' own extension of that name; a number reads as well.
      let isNumber = name == "sequence" || name == "mediaposms"
      return "\"\(name)\":\(isNumber ? value : JSONText.quoted(value))"
    }
    let head = "{\(members.joined(separator: ",")),\"datacontenttype\":\"\(imageType.mediaType)\",\"data_base64\":\""
    return Array(head.utf8) + Data(image).base64EncodedData() + Array("\"}".utf8)
  }
}
