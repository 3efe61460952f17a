import JSON

/// What events hold beyond JSON's own kinds of value.
extension JSONObject {
  /// A text as an id or a title: `limitBytes` of UTF-8 at most, not empty, no control characters.
  func text(_ name: String, limitBytes: Int = EventText.idLimitBytes) throws(JSONError) -> String {
    try withStringBytes(name) { (text) throws(JSONError) in
      do throws(EventError) {
        return try EventText.text(text, limitBytes: limitBytes, place(name))
      } catch {
        throw JSONError(error.attribute, error.reason)
      }
    }
  }

  /// An array of ids; empty if the member is absent.
  func texts(_ name: String, limit: Int) throws(JSONError) -> [String] {
    var texts: [String] = []
    for element in try elements(name, limit: limit) { texts.append(try element.text("")) }
    return texts
  }

  /// A time as RFC 3339.
  func time(_ name: String) throws(JSONError) -> EventTime {
    if case .number = try value(name) { throw JSONError(place(name), TimeSlip.number) }
    return try withStringBytes(name) { (text) throws(JSONError) in
      guard let time = EventTime(rfc3339: text) else { throw JSONError(place(name), TimeSlip.reason(of: text)) }
      return time
    }
  }

  /// An integer as a JSON number without fraction or exponent, or as a string of digits (CloudEvents' own `sequence` is
  /// one).
  func integer(_ name: String, in range: ClosedRange<Int64>) throws(JSONError) -> Int64 {
    let value: Int64? =
      switch try self.value(name) {
      case .number(let digits): DecimalInteger.parse(digits)
      case .string: try withStringBytes(name) { (digits) throws(JSONError) in DecimalInteger.parse(digits) }
      default: nil
      }
    guard let value, range.contains(value) else {
      throw JSONError(place(name), "not an integer of \(range.lowerBound)…\(range.upperBound)")
    }
    return value
  }
}

extension EventError {
  /// An error of JSON; one of the whole document is one of the record's value.
  init(_ error: JSONError) { self.init(error.path.isEmpty ? "value" : error.path, error.reason) }

  /// What `body` reads out of JSON; an error of the whole document is one of the record's value.
  static func reading<Result>(_ body: () throws(JSONError) -> Result) throws(EventError) -> Result {
    do throws(JSONError) {
      return try body()
    } catch {
      throw EventError(error)
    }
  }
}
