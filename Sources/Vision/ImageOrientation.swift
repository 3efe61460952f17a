/// How the stored rows and columns of a picture lie in the upright picture: the values 1…8 of EXIF's orientation tag.
///
/// The names say what must be done to the stored pixels to see the picture upright.
package enum ImageOrientation: Int, Sendable, Hashable, CaseIterable {
  case upright = 1
  case mirrored = 2
  case turnedHalfway = 3
  case flipped = 4
  /// Rows become columns: mirrored at the diagonal from the top left.
  case transposed = 5
  /// A quarter turn clockwise: a phone held upright.
  case turnedRight = 6
  /// Mirrored at the diagonal from the top right.
  case transversed = 7
  /// A quarter turn counterclockwise.
  case turnedLeft = 8

  /// Whether the upright picture's width is the stored height.
  package var swapsSides: Bool { rawValue >= 5 }
}

extension GrayImage {
  /// The stored picture, upright. Takes time and memory of a copy unless it is upright already.
  package func upright(from orientation: ImageOrientation) -> GrayImage {
    // The upright pixel (x, y) is stored at start + x·across + y·down.
    let last = width * height - 1
    let (start, across, down): (Int, Int, Int)
    switch orientation {
    case .upright: return self
    case .mirrored: (start, across, down) = (width - 1, -1, width)
    case .turnedHalfway: (start, across, down) = (last, -1, -width)
    case .flipped: (start, across, down) = (last - (width - 1), 1, -width)
    case .transposed: (start, across, down) = (0, width, 1)
    case .turnedRight: (start, across, down) = (last - (width - 1), -width, 1)
    case .transversed: (start, across, down) = (last, -width, -1)
    case .turnedLeft: (start, across, down) = (width - 1, width, -1)
    }
    let (newWidth, newHeight) = orientation.swapsSides ? (height, width) : (width, height)
    let source = pixels
    let turned = [UInt8](unsafeUninitializedCapacity: source.count) { out, count in
      count = source.count
      var target = 0
      for y in 0..<newHeight {
        var place = start + y * down
        for _ in 0..<newWidth {
          out[target] = source[place]
          target += 1
          place += across
        }
      }
    }
    return GrayImage(width: newWidth, height: newHeight, pixels: turned)
  }
}
