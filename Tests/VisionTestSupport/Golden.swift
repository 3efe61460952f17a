import Foundation

/// Reference files under `Tests/Goldens`, made by the scripts beside them.
package enum Golden {
  /// Reads and decodes one file, by its path below `Tests/Goldens`.
  package static func load<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try JSONDecoder().decode(type, from: Data(contentsOf: tests.appending(path: "Goldens/\(path)")))
  }

  /// Little-endian 32-bit floats in base64.
  package static func floats(_ base64: String) -> [Float] { floats([UInt8](Data(base64Encoded: base64) ?? Data())) }

  /// Little-endian 32-bit floats.
  package static func floats(_ data: [UInt8]) -> [Float] {
    stride(from: 0, to: data.count, by: 4).map { start in
      let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(data[start + $1]) << (8 * UInt32($1)) }
      return Float(bitPattern: bits)
    }
  }

  /// CRC-32 as of zlib, to prove that both sides saw the same pixels.
  package static func crc32(_ bytes: [UInt8]) -> UInt32 {
    var crc = UInt32.max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    return ~crc
  }
}
