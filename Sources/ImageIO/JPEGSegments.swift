/// The segments of a JPEG file, found as libjpeg finds them: what lies between two markers, such as a scan's coded
/// data, is skipped over up to the next one.
struct JPEGSegments: Sequence, IteratorProtocol {
  struct Segment {
    /// Such as 0xE1 for APP1, 0xDA for the start of a scan.
    let marker: UInt8
    /// Behind the length.
    let payload: UnsafeBufferPointer<UInt8>
  }

  private let bytes: UnsafeBufferPointer<UInt8>
  private var place = 2

  /// - Parameter bytes: of a file that begins with a start marker; they must outlive the sequence.
  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// Nil at the end marker, or where a segment reaches beyond the file.
  mutating func next() -> Segment? {
    while place + 4 <= bytes.count {
      guard bytes[place] == 0xFF else {
        place += 1
        continue
      }
      let marker = bytes[place + 1]
      switch marker {
      case 0xFF: place += 1  // a fill byte
      case 0x00, 0x01, 0xD0...0xD8: place += 2  // a coded 0xFF; markers without a length
      case 0xD9: return nil
      default:
        let length = Int(bytes[place + 2]) << 8 | Int(bytes[place + 3])
        guard length >= 2, length <= bytes.count - place - 2 else { return nil }
        let payload = UnsafeBufferPointer(rebasing: bytes[(place + 4)..<(place + 2 + length)])
        place += 2 + length
        return Segment(marker: marker, payload: payload)
      }
    }
    return nil
  }
}
