/// A small legal file that takes long to decode: a gray progressive JPEG whose coefficients are all zero and are
/// refined thirteen times, each time one by one.
enum CostlyPicture {
  /// With 7071 pixels a side half a second of processor time, 100 MB of coefficients and a file of 100 kB.
  static func progressive(side: Int = 7071) -> [UInt8] {
    let (high, low) = (UInt8(side >> 8), UInt8(side & 255))
    var file: [UInt8] = [0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0] + [UInt8](repeating: 1, count: 64)
    file += [0xFF, 0xC2, 0, 11, 8, high, low, high, low, 1, 1, 0x11, 0]
    // Each table has one code, a single zero bit: of DC "no difference", of AC "14 more bits say how many blocks end
    // here".
    for (table, symbol) in [(0x00, 0x00), (0x10, 0xE0)] as [(UInt8, UInt8)] {
      file += [0xFF, 0xC4, 0, 20, table, 1] + [UInt8](repeating: 0, count: 15) + [symbol]
    }
    let blocks = (side + 7) / 8 * ((side + 7) / 8)
    var first = Bits()
    for _ in 0..<blocks { first.append(0, count: 1) }
    var unchanged = Bits()
    for _ in 0..<(blocks + 32_766) / 32_767 { unchanged.append(0x3FFF, count: 15) }
    func scan(_ band: ClosedRange<UInt8>, from high: UInt8, to low: UInt8) -> [UInt8] {
      [0xFF, 0xDA, 0, 8, 1, 1, 0, band.lowerBound, band.upperBound, high << 4 | low]
    }
    file += scan(0...0, from: 0, to: 0) + first.bytes
    file += scan(1...63, from: 0, to: 13) + unchanged.bytes
    for high in (1...13).reversed() { file += scan(1...63, from: UInt8(high), to: UInt8(high - 1)) + unchanged.bytes }
    return file + [0xFF, 0xD9]
  }

  /// Coded data: the highest bit first, ones to fill up, a zero byte behind each 0xFF.
  private struct Bits {
    private var done: [UInt8] = []
    private var byte: UInt8 = 0
    private var used = 0

    mutating func append(_ value: UInt16, count: Int) {
      for place in (0..<count).reversed() {
        byte = byte << 1 | UInt8(value >> place & 1)
        used += 1
        if used == 8 { push() }
      }
    }

    var bytes: [UInt8] {
      var copy = self
      while copy.used > 0 { copy.append(1, count: 1) }
      return copy.done
    }

    private mutating func push() {
      done += byte == 0xFF ? [0xFF, 0] : [byte]
      (byte, used) = (0, 0)
    }
  }
}
