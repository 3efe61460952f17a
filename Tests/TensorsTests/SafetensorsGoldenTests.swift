import Foundation
import Tensors
import Testing

/// The format's own library and Lectern read each other's files; see `Tests/Goldens/tensors/make_safetensors.py`.
@Suite struct SafetensorsGoldenTests {
  static func golden(_ name: String) throws -> [UInt8] {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return [UInt8](try Data(contentsOf: tests.appending(path: "Goldens/tensors/\(name)")))
  }

  @Test func `every element type the library writes becomes numpy's float32, bit for bit`() throws {
    let file = try Self.golden("library.safetensors")
    try file.withUnsafeBytes { bytes in
      let index = try Safetensors(parsing: bytes)
      var tensors: Weights = [:]
      for entry in index.entries where entry.type.isFloatingPoint {
        tensors[entry.name] = try Safetensors.tensor(entry, from: UnsafeRawBufferPointer(rebasing: bytes[entry.bytes]))
      }
      let types = Dictionary(uniqueKeysWithValues: index.entries.map { ($0.name, $0.type) })
      #expect(types["f16"] == .float16 && types["bf16"] == .bfloat16 && types["f64"] == .float64)
      #expect(types["bn1.num_batches_tracked"] == .int64)
      for name in ["f32", "f16", "bf16", "f64", "matrix", "scalar", "empty"] {
        let given = try #require(tensors[name])
        let expected = try #require(tensors["\(name)|F32"])
        #expect(given.shape == expected.shape, "\(name)")
        #expect(given.elements.map(\.bitPattern) == expected.elements.map(\.bitPattern), "\(name)")
      }
      #expect(tensors["f64"]?.count == 1017 && tensors["matrix"]?.shape == [2, 3])
    }
  }

  @Test func `the library reads these very bytes`() throws {
    let tensors: Weights = [
      "a": Tensor([2, 2], [-1, 0.5, 3.25, 0]), "empty": Tensor([0], []), "odd \"name\"\n": Tensor([1], [5]),
      "scalar": Tensor([], [9]), "é": Tensor([2], [0x1p-149, 1e30]),
    ]
    let file = Safetensors.encode(tensors, metadata: ["format": "pt", "note": "é\u{1}\"\\"])
    if let target = ProcessInfo.processInfo.environment["LECTERN_WRITE_GOLDEN"] {
      try Data(file).write(to: URL(filePath: target))
    }
    #expect(try file == Self.golden("lectern.safetensors"))
  }

  private struct Hostile: Decodable {
    struct Case: Decodable {
      let name: String
      let file: Data
      let refused: String?
    }
    let cases: [Case]
  }

  @Test func `what the library refuses is refused, and more`() throws {
    let hostile = try JSONDecoder().decode(Hostile.self, from: Data(Self.golden("hostile.json")))
    #expect(hostile.cases.count > 60)
    var stricter: [String] = []
    for row in hostile.cases {
      let isRefused = row.file.withUnsafeBytes { bytes in (try? Safetensors(parsing: bytes)) == nil }
      if row.refused != nil { #expect(isRefused, "\(row.name)") }
      if row.refused == nil, isRefused { stricter.append(row.name) }
    }
    // Where Lectern asks for more than the library does, by decision.
    #expect(Set(stricter) == Self.stricter)
  }

  private static let stricter: Set<String> = [
    "header begins with a blank", "empty name", "name of 4096 bytes", "unknown key", "nine axes", "bytes",
  ]

  @Test func `half precision is widened exactly, all of it`() throws {
    let bits = (0...UInt16.max).map(\.littleEndian)
    let file =
      SafetensorsTests.file(#"{"h":{"dtype":"F16","shape":[65536],"data_offsets":[0,131072]}}"#, dataByteCount: 0)
      + bits.withUnsafeBytes { Array($0) }
    let widened = try file.withUnsafeBytes { bytes in
      let entry = try Safetensors(parsing: bytes).entries[0]
      return try Safetensors.tensor(entry, from: UnsafeRawBufferPointer(rebasing: bytes[entry.bytes])).elements
    }
    for (pattern, value) in zip(0...UInt16.max, widened) {
      let expected = Float(Float16(bitPattern: pattern))
      #expect(value.bitPattern == expected.bitPattern || (value.isNaN && expected.isNaN))
    }
  }

  @Test func `a double beyond the largest float is refused by its place`() throws {
    // 2¹²⁸ − 2¹⁰³ is the tie between the largest Float and the next power: it rounds to even, which is infinity.
    let tie = Double(Float.greatestFiniteMagnitude) + 0x1p103
    func read(_ values: [Double]) throws -> [Float] {
      let header = #"{"d":{"dtype":"F64","shape":[\#(values.count)],"data_offsets":[0,\#(8 * values.count)]}}"#
      let file =
        SafetensorsTests.file(header, dataByteCount: 0)
        + values.map(\.bitPattern.littleEndian).withUnsafeBytes { Array($0) }
      return try file.withUnsafeBytes { bytes in
        let entry = try Safetensors(parsing: bytes).entries[0]
        return try Safetensors.tensor(entry, from: UnsafeRawBufferPointer(rebasing: bytes[entry.bytes])).elements
      }
    }
    #expect(try read([1, tie.nextDown]) == [1, .greatestFiniteMagnitude])
    #expect(throws: SafetensorsError.notRepresentable(tensor: "d", position: 2)) { try read([0, 1, -tie]) }
    #expect(try read([.infinity, 0x1p-150]) == [.infinity, 0])
    let nan = try read([.nan])
    #expect(nan[0].isNaN)
  }
}
