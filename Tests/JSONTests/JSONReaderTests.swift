import JSON
import Testing

@Suite struct JSONReaderTests {
  private func reading<Result>(
    _ bytes: [UInt8], _ body: (inout JSONReader) throws(JSONSyntaxError) -> Result
  ) throws(JSONSyntaxError) -> Result {
    let outcome: Swift.Result<Result, JSONSyntaxError> = bytes.withUnsafeBytes { bytes in
      var reader = JSONReader(bytes)
      do throws(JSONSyntaxError) { return .success(try body(&reader)) } catch { return .failure(error) }
    }
    return try outcome.get()
  }

  @Test func `parts come in their order`() throws {
    let text = " { \"a\\n\" : [ 1 , -2.5e+3 ] , \"b\" : { } } "
    try reading(Array(text.utf8)) { (reader) throws(JSONSyntaxError) in
      var members = JSONReader.Members()
      try reader.expect("{")
      #expect(try reader.name(in: &members) == "a\n")
      var elements = JSONReader.Members()
      try reader.expect("[")
      var numbers: [String] = []
      while try reader.hasElement(in: &elements) {
        numbers.append(String(decoding: try reader.number(), as: UTF8.self))
      }
      #expect(numbers == ["1", "-2.5e+3"])
      #expect(try reader.name(in: &members) == "b")
      var none = JSONReader.Members()
      try reader.expect("{")
      #expect(try reader.name(in: &none) == nil)
      #expect(try reader.name(in: &members) == nil)
      try reader.end()
      #expect(reader.position == text.utf8.count)
    }
  }

  @Test(arguments: [
    (#""abc"#, "a string without end"), (#""\x""#, "an unknown escape"), (#""\ud800""#, "half a surrogate pair"),
    (#""\ud800\n""#, "half a surrogate pair"), (#""\udc00""#, "half a surrogate pair"),
    (#""\ud800\ud800""#, "half a surrogate pair"), (#""\u12""#, "a malformed \\u escape"),
    (#""\u12g4""#, "a malformed \\u escape"), ("\"\t\"", "a control character in a string"), ("1", "\" expected"),
  ])
  func `a string that is none says why`(text: String, reason: String) {
    #expect {
      try reading(Array(text.utf8)) { (reader) throws(JSONSyntaxError) in try reader.string() }
    } throws: { error in
      guard case .malformed(let found, _)? = error as? JSONSyntaxError else { return false }
      return found == reason
    }
  }

  @Test func `a string that is not UTF-8 is refused, escaped or not`() {
    for bytes: [UInt8] in [[0x22, 0xFF, 0x22], [0x22, 0x5C, 0x6E, 0xFF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]] {
      #expect(throws: JSONSyntaxError.malformed("a string that is not UTF-8", position: bytes.count)) {
        try reading(bytes) { (reader) throws(JSONSyntaxError) in try reader.string() }
      }
    }
  }
}
