import PlainText
import Testing

@Suite struct CSVTests {
  static func fields(_ text: String) throws -> [[String]] { try CSVRows(Array(text.utf8)).rows.map(\.fields) }

  static func error(_ text: String, limits: CSVRows.Limits = .init()) -> CSVError? {
    error(Array(text.utf8), limits: limits)
  }

  static func error(_ bytes: [UInt8], limits: CSVRows.Limits = .init()) -> CSVError? {
    do {
      _ = try CSVRows(bytes, limits: limits)
      return nil
    } catch { return error }
  }

  @Test func whatIsWrittenIsReadBack() throws {
    let rows = [
      ["plain", "with, comma", "with \"quotes\""], ["two\nlines", "two\r\nlines", "a lone \r return"],
      ["", " blanks stay ", "naïve 表情 😀"], ["=1+1", "\"", ","],
    ]
    var text = CSVText(["a", "b,b", "c"])
    for row in rows { text.append(row) }
    let read = try CSVRows(Array(text.text.utf8))
    #expect(read.header == ["a", "b,b", "c"])
    #expect(read.rows.map(\.fields) == rows)
    // The second row begins in line 3 and has two line feeds of its own.
    #expect(read.rows.map(\.line) == [2, 3, 6, 7])
  }

  @Test func theWrittenBytesAreThoseOfTheRFC() {
    var text = CSVText(["aaa", "bbb", "ccc"])
    text.append(["zzz", "b \"x\"", "y,z"])
    #expect(text.text == "aaa,bbb,ccc\r\nzzz,\"b \"\"x\"\"\",\"y,z\"\r\n")
    var single = CSVText(["only"])
    single.append([""])
    #expect(single.text == "only\r\n\"\"\r\n")
  }

  @Test func anEmptyFieldOfTheOnlyColumnIsARow() throws {
    var text = CSVText(["only"])
    text.append([""])
    text.append(["x"])
    #expect(try Self.fields(text.text) == [[""], ["x"]])
  }

  @Test(arguments: [
    "a,b\n1,2\n", "a,b\r\n1,2\r\n", "a,b\n1,2", "\u{FEFF}a,b\n1,2\n", "\"a\",\"b\"\n\"1\",\"2\"", "a,b\n\n1,2\n\n\n",
    "\r\na,b\r\n1,2\n",
  ])
  func formsOfOneTable(_ text: String) throws {
    let read = try CSVRows(Array(text.utf8))
    #expect(read.header == ["a", "b"])
    #expect(read.rows.map(\.fields) == [["1", "2"]])
    #expect(read.column("b") == 1 && read.column("c") == nil)
  }

  @Test func emptyFieldsAtTheEndsCount() throws {
    #expect(try Self.fields("a,b,c\n,,\n,x,\n1,,") == [["", "", ""], ["", "x", ""], ["1", "", ""]])
    #expect(try Self.fields("a,b\n\"\",\"\"") == [["", ""]])
  }

  @Test(arguments: [
    ("", 1, "there is no header"), ("\n\n", 1, "there is no header"), ("a,b\n1\n", 2, "1 fields, the header has 2"),
    ("a,b\n1,2\n1,2,3\n", 3, "3 fields, the header has 2"), ("a,a\n", 1, "columns 1 and 2 have the same name"),
    ("a,,c\n", 1, "column 2 has no name"), ("a,b\n1,x\"y\n", 2, "a quote inside a field that does not begin with one"),
    ("a,b\n1,\"x\"y\n", 2, "text behind the quote that ends a field"),
    ("a,b\n1,2\n\"x\n\n,3\n4", 3, "a quoted field that does not end"),
    ("a\n\"x\"\"", 2, "a quoted field that does not end"),
    ("a,b\r1,2\r", 1, "a carriage return without a line feed"), ("a\n1\n\0\n", 3, "a zero byte"),
    ("a,b\n\"x\ny\",1\n2\n", 4, "1 fields, the header has 2"),
  ])
  func errorsNameTheLine(_ text: String, _ line: Int, _ reason: String) {
    #expect(Self.error(text) == CSVError(line: line, reason))
  }

  @Test func whatIsNotUTF8IsRefused() {
    #expect(Self.error(Array("a\n1\n".utf8) + [0xFF, 0x0A]) == CSVError(line: 3, "not UTF-8"))
    // UTF-16 with its byte order mark.
    #expect(Self.error([0xFF, 0xFE, 0x61, 0x00]) != nil)
  }

  @Test func limits() {
    #expect(Self.error("a\n123\n", limits: .init(bytes: 5))?.reason == "more than 5 bytes")
    #expect(Self.error("a\n1\n2\n", limits: .init(rows: 1)) == CSVError(line: 3, "more than 1 rows"))
    #expect(Self.error("a\n1\n2\n", limits: .init(rows: 2)) == nil)
    #expect(Self.error("a,b,c\n", limits: .init(columns: 2)) == CSVError(line: 1, "more than 2 columns"))
    let long = CSVError(line: 2, "a field of more than 3 bytes")
    #expect(Self.error("a\n1234\n", limits: .init(fieldBytes: 3)) == long)
    #expect(Self.error("a\n\"1234\"\n", limits: .init(fieldBytes: 3)) == long)
    #expect(Self.error("a\n\"123\"\n123\n", limits: .init(fieldBytes: 3)) == nil)
    #expect(long.description == "line 2: a field of more than 3 bytes")
  }
}
