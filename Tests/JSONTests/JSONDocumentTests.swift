import JSON
import Testing

@Suite struct JSONDocumentTests {
  /// The error of a text, nil where it is read.
  private func problem(_ text: String) -> JSONError? {
    Array(text.utf8).withUnsafeBytes { bytes in
      do throws(JSONError) {
        _ = try JSONDocument(bytes).root()
        return nil
      } catch {
        return error
      }
    }
  }

  @Test func `names that differ only in their normal form are two members`() throws {
    // é as one scalar and as two; the Kelvin sign and the letter it is equivalent to.
    let text = #"{"\#u{E9}":"one","e\#u{301}":"two","\u212a":"three","K":"four"}"#
    try Array(text.utf8).withUnsafeBytes { bytes in
      let object = try JSONDocument(bytes).root()
      #expect(try object.bytes("\u{E9}") == Array("one".utf8))
      #expect(try object.bytes("e\u{301}") == Array("two".utf8))
      #expect(try object.bytes("\u{212A}") == Array("three".utf8))
      #expect(try object.bytes("K") == Array("four".utf8))
      #expect(!object.has("\u{E8}"))
    }
  }

  /// RFC 8259, section 8.1: a parser may pass it over, and editors of Windows write it.
  @Test func `a byte order mark is passed over`() throws {
    #expect(problem("\u{FEFF}{}") == nil && problem("\u{FEFF} {\"a\":1}\r\n") == nil)
    try Array("\u{FEFF}{\"a\":\"\u{FEFF}b\"}".utf8).withUnsafeBytes { bytes in
      let object = try JSONDocument(bytes).root()
      #expect(try object.bytes("a") == Array("\u{FEFF}b".utf8))
    }
  }

  @Test(arguments: [
    #"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#, #"{"a":{"b":1,"c":2,"b":3}}"#, #"{"":1,"":2}"#,
    #"{"e\#u{301}":1,"\u0065\u0301":2}"#,
  ])
  func `a repeated name is refused, however it is spelled`(text: String) {
    #expect(problem(text) == JSONError("", "a JSON object repeats a key"))
  }

  @Test func `depth and number of values are bounded`() {
    func nested(_ depth: Int) -> String {
      String(repeating: #"{"a":"#, count: depth) + "1" + String(repeating: "}", count: depth)
    }
    #expect(problem(nested(12)) == nil)
    #expect(problem(nested(13)) == JSONError("", "JSON nested deeper than 12"))
    // The object and the array are values too.
    func wide(_ count: Int) -> String { #"{"a":[\#(Array(repeating: "1", count: count).joined(separator: ","))]}"# }
    #expect(problem(wide(99_998)) == nil)
    #expect(problem(wide(99_999)) == JSONError("", "more than 100000 JSON values: split it"))
  }

  @Test(arguments: [
    ("", "empty"), ("[]", "not a JSON object"), ("1", "not a JSON object"), ("{}x", "not JSON"), ("{", "not JSON"),
    ("{,}", "not JSON"), (#"{"a":1,}"#, "not JSON"), (#"{"a" 1}"#, "not JSON"), (#"{"a":tru}"#, "not JSON"),
    (#"{"a":01}"#, "not JSON"), (#"{"a":-}"#, "not JSON"), (#"{"a":1.}"#, "not JSON"), (#"{"a":.5}"#, "not JSON"),
    (#"{"a":1e}"#, "not JSON"), (#"{"a":+1}"#, "not JSON"), (#"{"a":[1,]}"#, "not JSON"), (#"{"a":"b}"#, "not JSON"),
    ("{\"a\":\"\u{1}\"}", "not JSON"), (#"{"\ud800":1}"#, "not JSON"), (#"{"a\"#, "not JSON"),
    ("\u{FEFF}\u{FEFF}{}", "not JSON"), ("{\u{FEFF}}", "not JSON"), ("\u{FEFF}", "empty"), (#"{'a':1}"#, "not JSON"),
    (#"{"a":NaN}"#, "not JSON"),
  ])
  func `what is no JSON object says why`(text: String, reason: String) {
    #expect(problem(text) == JSONError("", reason))
  }

  @Test func `bytes that are no UTF-8 are refused before they are read`() {
    let bytes = Array("{\"a\":\"".utf8) + [0xC3] + Array("\"}".utf8)
    #expect(bytes.withUnsafeBytes { JSONDocument.problem(in: $0) } == "not UTF-8")
  }

  @Test func `errors name the path and never a value`() throws {
    try Array(#"{"a":[{"b":"secret"},1],"c":"\ud800","d":null}"#.utf8).withUnsafeBytes { bytes in
      let root = try JSONDocument(bytes).root()
      let element = try #require(try root.elements("a", limit: 2).first).object("")
      #expect(throws: JSONError("a[0].b", "not true or false")) { try element.bool("b") }
      #expect(throws: JSONError("a[0].x", "missing")) { try element.bool("x") }
      #expect(throws: JSONError("a[1]", "not an object")) { try root.objects("a", limit: 2) }
      #expect(throws: JSONError("a", "more than 1 entries")) { try root.elements("a", limit: 1) }
      #expect(throws: JSONError("c", "has a malformed escape")) { try root.bytes("c") }
      #expect(throws: JSONError("c", "not an array")) { try root.elements("c", limit: 1) }
      #expect(!root.has("d") && root.has("a"))
    }
  }

  @Test func `what is quoted is read again`() throws {
    for text in ["", "a", "\"\\/", "\u{0}\u{8}\u{C}\n\r\t\u{1F}\u{7F}", "é\u{301}\u{212A}", "\u{1F600}", "\u{2028}"] {
      for quoted in [JSONText.quoted(text), JSONText.quoted(text, escaping: JSONText.escaped)] {
        #expect(!quoted.utf8.contains { $0 < 0x20 })
        try Array("{\"a\":\(quoted)}".utf8).withUnsafeBytes { bytes throws in
          #expect(try JSONDocument(bytes).root().bytes("a") == Array(text.utf8))
        }
      }
    }
    #expect(JSONText.quoted("a\n\u{7F}") == #""a\u000a\u007f""#)
    #expect(JSONText.escaped("\u{1F600}") == #"\ud83d\ude00"#)
  }
}
