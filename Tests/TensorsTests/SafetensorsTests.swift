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
    (#"{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}"#, 2, "unsupportedType"),
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

  /// Seeded mutations of a good file: each either reads or throws, and what reads lies within the file.
  @Test func `mutated files never crash the reader`() {
    let good = Safetensors.encode(Self.tensors, metadata: ["k": "v"])
    var random = SplitMix(state: 42)
    var accepted = 0
    for _ in 0..<5000 {
      var file = good
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        // Mostly in the header, where the structure is.
        let position = Int.random(in: 0..<min(file.count, 8 + 420), using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: file[position] = UInt8.random(in: 0...255, using: &random)
        case 1: file[position] = Array("{}[],:\"\\0123456789".utf8).randomElement(using: &random)!
        case 2: file.remove(at: position)
        case 3: file.insert(file[Int.random(in: 0..<file.count, using: &random)], at: position)
        default: file.removeLast(Int.random(in: 0..<file.count / 2, using: &random))
        }
        if file.isEmpty { break }
      }
      if (try? Self.read(file)) != nil { accepted += 1 }
    }
    // Some mutations only touch names, padding or numbers' bytes; most must be noticed.
    #expect(accepted < 2500)
  }

  private struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var z = state
      z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
      return z ^ z >> 31
    }
  }
}
