import ImageTypes
import JSON

/// Judges events in files before they are sent, by the decoders that read them from the log.
package enum EventFile {
  /// One event of a file.
  package struct Judgement: Sendable, Equatable {
    /// Its place: empty, `[2]` in an array.
    package var place = ""
    /// Nil for what is no event.
    package var kind: EventKind?
    /// When the event was made or its picture taken.
    package var time: EventTime?
    package var error: EventError?
    /// What is taken and hardly meant.
    package var warnings: [String] = []
  }

  /// What a file of JSON holds: one event of structured mode, the headers of one of binary mode as an object of texts,
  /// or an array of them.
  package static func judge(_ json: UnsafeRawBufferPointer) -> [Judgement] {
    do throws(JSONError) {
      return try JSONDocument(json, valueLimit: ControlEvent.batchValueLimit).roots().map(judge)
    } catch {
      return [Judgement(error: EventError(error))]
    }
  }

  private static func judge(_ object: JSONObject) -> Judgement {
    var judgement = Judgement(place: object.place(""))
    do throws(EventError) {
      if object.names.contains(where: { $0.hasPrefix("ce_") || NearName.areNear($0.utf8, "content-type".utf8) }) {
        try judgement.take(headersOf: object)
      } else if (try? object.text("type")) == EventNames.frame {
        let (frame, image) = try EventError.reading { () throws(JSONError) in try FrameEvent.decodeStructured(object) }
        (judgement.kind, judgement.time) = (.frame, frame.capturedAt)
        judgement.warnings = warnings(of: image, of: frame.imageType)
      } else {
        let event = try EventError.reading { () throws(JSONError) in try ControlEvent.decode(object) }
        try judgement.take(event)
      }
    } catch {
      judgement.error = error
    }
    return judgement
  }

  private static func warnings(of image: FrameImage, of type: ImageType) -> [String] {
    switch image {
    case .decoded(let bytes):
      guard !bytes.isEmpty else { return ["there is no picture: the frame is rejected as bad_image"] }
      guard let found = ImageType(magic: bytes) else {
        return ["what is called \(type.mediaType) is neither \(ImageType.names("nor")): it is rejected as bad_image"]
      }
      return found == type ? [] : ["what is called \(type.mediaType) is a \(found.name); it is read as what it is"]
    case .oversized:
      return ["the picture has more than \(FrameEvent.imageLimitBytes) bytes: the frame is rejected as too_large"]
    case .recordValue: return []
    }
  }
}

extension EventFile.Judgement {
  fileprivate mutating func take(_ event: ControlEvent) throws(EventError) {
    (kind, time, warnings) = (EventKind(event.type), event.time, event.warnings)
  }

  /// Takes the headers of a record of binary mode, without its value.
  fileprivate mutating func take(headersOf object: JSONObject) throws(EventError) {
    let headers = try EventError.reading { () throws(JSONError) in
      var headers: [EventHeader] = []
      for name in object.names where object.has(name) {
        headers.append(EventHeader(name: HeaderName(name), value: try object.bytes(name)))
      }
      return headers
    }
    let type = headers.first { NearName.areNear($0.name.utf8, "ce_type".utf8) }
    let isControl = type.map { ControlEventType(rawValue: String(decoding: $0.value, as: UTF8.self)) != nil }
    (kind, time) = try headers.withLentHeaders { (headers) throws(EventError) in
      guard isControl ?? false else {
        let frame = try FrameEvent.decode(headers: headers, value: UnsafeRawBufferPointer(start: nil, count: 0)).event
        return (.frame, frame.capturedAt)
      }
      var attributes = ControlAttributes()
      for header in headers { try attributes.take(header) }
      let envelope = try attributes.envelope(explainedBy: headers)
      return (EventKind(envelope.type), envelope.time)
    }
  }
}
