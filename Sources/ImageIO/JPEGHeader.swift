import Vision

/// The size a JPEG file declares, read in plain Swift: what probes a file that nothing has vouched for yet.
enum JPEGHeader {
  /// Of the first frame header, before the first scan.
  static func size(_ bytes: UnsafeBufferPointer<UInt8>) throws(ImageError) -> (width: Int, height: Int) {
    for segment in JPEGSegments(bytes) {
      switch segment.marker {
      case 0xC0...0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF:
        // Precision (1), height (2), width (2), number of components (1).
        guard segment.payload.count >= 6 else { throw ImageError(.corrupt, "JPEG cut short in its frame header") }
        func number(_ start: Int) -> Int { Int(segment.payload[start]) << 8 | Int(segment.payload[start + 1]) }
        let (width, height) = (number(3), number(1))
        guard width > 0, height > 0 else { throw ImageError(.corrupt, "JPEG of no size") }
        return (width, height)
      case 0xDA: throw ImageError(.corrupt, "JPEG with a scan before its frame header")
      default: continue
      }
    }
    throw ImageError(.corrupt, "JPEG without a frame header")
  }
}
