extension GrayImage {
  /// The picture with left and right exchanged.
  package var mirrored: GrayImage {
    let flipped = [UInt8](unsafeUninitializedCapacity: width * height) { out, count in
      pixels.withUnsafeBufferPointer { source in
        for y in 0..<height {
          let row = y * width
          for x in 0..<width { out[row + x] = source[row + width - 1 - x] }
        }
      }
      count = width * height
    }
    return GrayImage(width: width, height: height, pixels: flipped)
  }
}
