import Tensors
import Testing

@Suite struct SafetensorsTests {
  static let tensors: Weights = [
    "b.weight": Tensor([2, 2], [1, 2, 3, 4]), "a": Tensor([3], [-1, .pi, 0]), "empty": Tensor([0, 4], []),
    "scalar": Tensor([], [9]), "odd \"name\"\n": Tensor([1], [5]),
  ]

  static func read(_ file: [UInt8]) throws -> Weights {
    try file.withUnsafeBytes { try Safetensors.tensors(copying: $0) }
  }

  /// A file around a header as it stands.
  static func file(_ header: String, dataByteCount: Int) -> [UInt8] {
    let length = UInt64(header.utf8.count).littleEndian
    return withUnsafeBytes(of: length) { Array($0) } + Array(header.utf8) + Array(repeating: 0, count: dataByteCount)
  }

  @Test func `what is written is read again, bit for bit and in any order of insertion`() throws {
    let file = Safetensors.encode(Self.tensors, metadata: ["format": "pt", "note": "é\u{1}"])
    #expect(try Self.read(file) == Self.tensors)
    var reversed: Weights = [:]
    for (name, tensor) in Self.tensors.sorted(by: { $0.key > $1.key }) { reversed[name] = tensor }
    #expect(Safetensors.encode(reversed, metadata: ["note": "é\u{1}", "format": "pt"]) == file)
    let index = try file.withUnsafeBytes { try Safetensors(parsing: $0) }
    #expect(index.metadata == ["format": "pt", "note": "é\u{1}"])
    #expect(index.entries.map(\.bytes.lowerBound).min()! % 64 == 0)
  }

  /// Bytes as the format's own library writes them: `save({"a": float32 [1, 2], "b": [[3]]})`.
  @Test func `a file laid out by the format's own library is read`() throws {
    let header =
      #"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
      + #""b":{"dtype":"F32","shape":[1,1],"data_offsets":[8,12]}}   "#
    var file = Self.file(header, dataByteCount: 0)
    for value: Float in [1, 2, 3] { withUnsafeBytes(of: value.bitPattern.littleEndian) { file.append(contentsOf: $0) } }
    #expect(try Self.read(file) == ["a": Tensor([2], [1, 2]), "b": Tensor([1, 1], [3])])
  }

  @Test func `borrowed tensors lie in the file and keep its owner alive`() throws {
    final class Owner: Sendable {
      nonisolated(unsafe) let bytes: UnsafeMutableRawBufferPointer
      init(_ file: [UInt8]) {
        bytes = .allocate(byteCount: file.count, alignment: 64)
        bytes.copyBytes(from: file)
      }
      deinit { bytes.deallocate() }
    }
    let owner = Owner(Safetensors.encode(Self.tensors))
    let weights = try Safetensors.tensors(borrowing: UnsafeRawBufferPointer(owner.bytes), owner: owner)
    #expect(weights == Self.tensors)
    let range =
      UInt(bitPattern: owner.bytes.baseAddress)..<UInt(bitPattern: owner.bytes.baseAddress! + owner.bytes.count)
    weights["b.weight"]!.withUnsafeBufferPointer { #expect(range.contains(UInt(bitPattern: $0.baseAddress))) }
  }

  static let entry = #""dtype":"F32","shape":[1]"#

  @Test(arguments: [
    ("", 0, "malformed"), ("[]", 0, "malformed"), ("{}x", 0, "malformed"), ("{", 0, "malformed"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#, 4, "malformed"),
    (#"{"a":{"dtype":"F32","shape":[1]}}"#, 0, "malformed"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#, 4, "malformed"),
    (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, "malformed"),
    (#"{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#, 4, "malformed"),
    (#"{"a":{"dtype":"F32","shape":[01],"data_offsets":[0,4]}}"#, 4, "malformed"),
    (#"{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}"#, 4, "malformed"),
    (#"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}"#, 4, "malformed"),
    (#"{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4, "malformed"),
    (#"{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}"#, 1, "unsupportedType"),
    (#"{"a":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}"#, 4, "unsupportedType"),
    (#"{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}"#, 2, "notSinglePrecision"),
    (#"{"a":{"dtype":"I64","shape":[],"data_offsets":[0,8]}}"#, 8, "notSinglePrecision"),
    (#"{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,4]}}"#, 4, "invalidOffsets"),
    (#"{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,4]}}"#, 4, "invalidOffsets"),
    (" {}", 0, "malformed"), ("{}\u{0}", 0, "malformed"), ("null", 0, "malformed"),
    (#"{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}"#, 4, "malformed"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, 4, "malformed"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}"#, 4, "malformed"),
    (#"{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4, "malformed"),
    (#"{"__metadata__":[]}"#, 0, "malformed"), (#"{"__metadata__":{"a":1}}"#, 0, "malformed"),
    (#"{"__metadata__":{"a":"1","a":"2"}}"#, 0, "duplicateName"),
    (#"{"__metadata__":{},"__metadata__":{}}"#, 0, "duplicateName"),
    (#"{"":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4, "malformed"),
    (#"{"a\#u{1}":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4, "malformed"),
    (#"{"a":{"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}}"#, 0, "invalidShape"),
    (#"{"a":{"dtype":"F32","shape":[4611686018427387905,4],"data_offsets":[0,4]}}"#, 4, "invalidShape"),
    (
      // An empty tensor inside another one.
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}}"#,
      8,
      "overlapOrHole"
    ),
    (
      // Two spellings of é: equal for Swift, so that one of them would vanish.
      #"{"\u00e9":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
        + #""e\u0301":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
      8,
      "duplicateName"
    ),
    (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#, 0, "invalidShape"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, "invalidOffsets"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, "invalidOffsets"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 3, "invalidOffsets"),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775803,9223372036854775807]}}"#, 4,
      "invalidOffsets"
    ),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "overlapOrHole"),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
      4,
      "overlapOrHole"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
      8,
      "overlapOrHole"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
      8,
      "duplicateName"
    ),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 5, "trailingBytes"),
  ])
  func `a hostile header is refused by name`(header: String, dataByteCount: Int, expected: String) {
    let error = #expect(throws: SafetensorsError.self) {
      try Self.read(Self.file(header, dataByteCount: dataByteCount))
    }
    let label = error.flatMap { Mirror(reflecting: $0).children.first?.label }
    #expect(label?.hasPrefix(expected) == true)
  }

  @Test func `header lengths beyond the file or the limit are refused before anything is allocated`() {
    let huge = withUnsafeBytes(of: UInt64.max) { Array($0) }
    #expect(throws: SafetensorsError.headerTooLarge(.max)) { try Self.read(huge + [0, 0]) }
    let long = withUnsafeBytes(of: UInt64(1000).littleEndian) { Array($0) }
    #expect(throws: SafetensorsError.truncated(expected: 1008, given: 10)) { try Self.read(long + [0, 0]) }
    #expect(throws: SafetensorsError.truncated(expected: 8, given: 3)) { try Self.read([1, 2, 3]) }
  }

  @Test(arguments: [
    (Array("{\"\u{FFFD}".utf8.prefix(2)) + [0xFF] + Array("\":{}}".utf8)),
    (Array("{\"".utf8) + [0xE2, 0x82] + Array("\":{}}".utf8)),
    (Array("{\"".utf8) + [0xC0, 0x80] + Array("\":{}}".utf8)),
  ])
  func `a name that is not UTF-8 is refused`(header: [UInt8]) {
    let file = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header
    let error = #expect(throws: SafetensorsError.self) { try Self.read(file) }
    #expect(error?.description.contains("UTF-8") == true)
  }

  /// A recursive parser would end its thread's stack here.
  @Test(arguments: ["[", "{\"a\":", "{\"a\":{\"shape\":[", "{\"__metadata__\":{\"a\":"])
  func `nesting of any depth is refused`(opening: String) {
    let header = "{\"a\":" + String(repeating: opening, count: 1_000_000)
    #expect(throws: SafetensorsError.self) { try Self.read(Self.file(header, dataByteCount: 0)) }
  }

  @Test func `names are bounded, and shown without what could steer a terminal`() throws {
    func header(_ name: String) -> String { #"{"\#(name)":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"# }
    let limit = String(repeating: "n", count: Safetensors.maximumNameByteCount)
    #expect(try Self.read(Self.file(header(limit), dataByteCount: 4)).keys.first == limit)
    #expect(throws: SafetensorsError.self) { try Self.read(Self.file(header(limit + "n"), dataByteCount: 4)) }
    // Escaped control characters are good names, but no error prints them.
    let steering = Self.file(header(#"\u001b[2J\u202e"#), dataByteCount: 3)
    let error = #expect(throws: SafetensorsError.self) { try Self.read(steering) }
    #expect(error?.description.contains(#"\u{1b}[2J\u{202e}"#) == true)
    let long = #expect(throws: SafetensorsError.self) { try Self.read(Self.file(header(limit), dataByteCount: 3)) }
    #expect((long?.description.count ?? .max) < 250)
  }

  @Test func `tensors off their alignment are refused in place and read by copying`() throws {
    let file = Self.file(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, dataByteCount: 4)
    #expect((file.count - 4) % 4 != 0)
    final class Nobody: Sendable {}
    #expect(throws: SafetensorsError.misaligned(tensor: "a")) {
      try file.withUnsafeBytes { bytes in
        let aligned = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
        defer { aligned.deallocate() }
        aligned.copyMemory(from: bytes)
        _ = try Safetensors.tensors(borrowing: UnsafeRawBufferPointer(aligned), owner: Nobody())
      }
    }
    #expect(try Self.read(file)["a"]?.elements == [0])
  }

  @Test func `the header alone tells where everything is`() throws {
    let file = Safetensors.encode(Self.tensors)
    try file.withUnsafeBytes { bytes in
      let start = try Safetensors.dataStart(
        prefix: UnsafeRawBufferPointer(rebasing: bytes[..<8]), fileByteCount: bytes.count)
      let head = UnsafeRawBufferPointer(rebasing: bytes[..<start])
      let index = try Safetensors(head: head, fileByteCount: bytes.count)
      #expect(try index.entries == Safetensors(parsing: bytes).entries)
      #expect(throws: SafetensorsError.self) { try Safetensors(head: head, fileByteCount: bytes.count - 1) }
      #expect(throws: SafetensorsError.self) { try Safetensors(head: head, fileByteCount: bytes.count + 1) }
      #expect(throws: SafetensorsError.self) {
        try Safetensors(head: UnsafeRawBufferPointer(rebasing: head.dropLast()), fileByteCount: bytes.count)
      }
    }
  }
}
