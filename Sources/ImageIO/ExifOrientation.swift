import Vision

/// Reads the orientation tag out of a file's EXIF block, which is hostile input like the rest of the file: every offset
/// is checked, nothing is followed but the first directory, and whatever is wrong means upright.
enum ExifOrientation {
  private static let tag = 0x0112

  /// Of a JPEG file: the first APP1 segment with EXIF before the first scan.
  static func ofJPEG(_ bytes: UnsafeBufferPointer<UInt8>) -> ImageOrientation {
    let signature: [UInt8] = [0x45, 0x78, 0x69, 0x66, 0, 0]
    for segment in JPEGSegments(bytes) {
      if segment.marker == 0xDA { break }
      if segment.marker == 0xE1, segment.payload.starts(with: signature) {
        return parse(UnsafeBufferPointer(rebasing: segment.payload.dropFirst(signature.count)))
      }
    }
    return .upright
  }

  /// Of a PNG file: its first eXIf chunk, wherever it stands.
  static func ofPNG(_ bytes: UnsafeBufferPointer<UInt8>) -> ImageOrientation {
    var place = 8
    // Length (4), type (4), data, checksum (4).
    while place <= bytes.count - 12 {
      let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      guard length <= bytes.count - place - 12 else { return .upright }
      let type = bytes[(place + 4)..<(place + 8)]
      if type.elementsEqual("eXIf".utf8) {
        return parse(UnsafeBufferPointer(rebasing: bytes[(place + 8)..<(place + 8 + length)]))
      }
      if type.elementsEqual("IEND".utf8) { return .upright }
      place += 12 + length
    }
    return .upright
  }

  /// Of a TIFF block: its first directory's entry for the tag, as one SHORT or LONG.
  static func parse(_ block: UnsafeBufferPointer<UInt8>) -> ImageOrientation {
    guard block.count >= 8 else { return .upright }
    let isLittle = block[0] == 0x49
    guard block.starts(with: isLittle ? [0x49, 0x49, 0x2A, 0] : [0x4D, 0x4D, 0, 0x2A]) else { return .upright }
    func number(_ start: Int, bytes count: Int) -> Int {
      (0..<count).reduce(0) { $0 | Int(block[start + $1]) << (8 * (isLittle ? $1 : count - 1 - $1)) }
    }
    let directory = number(4, bytes: 4)
    guard directory <= block.count - 2 else { return .upright }
    let entries = min(number(directory, bytes: 2), (block.count - directory - 2) / 12)
    for entry in 0..<entries {
      let start = directory + 2 + 12 * entry
      guard number(start, bytes: 2) == tag else { continue }
      let size = [3: 2, 4: 4][number(start + 2, bytes: 2)]
      guard let size, number(start + 4, bytes: 4) == 1 else { return .upright }
      return ImageOrientation(rawValue: number(start + 8, bytes: size)) ?? .upright
    }
    return .upright
  }
}
