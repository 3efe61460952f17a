import ImageIO
import Testing
import Vision

/// Decoding into memory that is lent, as a decoder process does.
@Suite struct LentMemoryTests {
  private let limits = ImageLimits(maximumBytes: 1 << 20, maximumPixels: 1 << 16)

  private func decode(_ file: [UInt8], into memory: inout [UInt8]) throws(ImageError) -> (width: Int, height: Int) {
    let decoder = PictureDecoder(limits: limits)
    return try memory.withUnsafeMutableBufferPointer { (pixels) throws(ImageError) in
      try file.withUnsafeBufferPointer { (bytes) throws(ImageError) in try decoder.decodeGray(bytes, into: pixels) }
    }
  }

  /// All fixtures: every colour type, depth and orientation. Nothing is written behind the picture.
  @Test func picturesAreThoseOfDecodingIntoMemoryOfOnesOwn() throws {
    var decoded = 0
    for fixture in ImageFixture.all {
      var memory = [UInt8](repeating: 0xA5, count: limits.maximumPixels)
      let own = Result { () throws(ImageError) in try PictureDecoder(limits: limits).decodeGray(fixture.file) }
      let lent = Result { () throws(ImageError) in try decode(fixture.file, into: &memory) }
      switch (own, lent) {
      case (.success(let image), .success(let size)):
        #expect((size.width, size.height) == (image.width, image.height), "\(fixture.name)")
        let count = image.pixels.count
        #expect(Array(memory[..<count]) == image.pixels, "\(fixture.name)")
        #expect(memory[count...].allSatisfy { $0 == 0xA5 }, "\(fixture.name)")
        decoded += 1
      case (.failure(let one), .failure(let other)): #expect(one == other, "\(fixture.name)")
      default: Issue.record("\(fixture.name): \(own) and \(lent)")
      }
    }
    #expect(decoded > 20)
  }

  @Test func whatDeclaresMoreThanAllowedIsRefusedBeforeAnythingIsWritten() throws {
    let file = try PNGEncoder().encode(GrayImage(width: 257, height: 256, repeating: 9))
    var memory = [UInt8](repeating: 0xA5, count: limits.maximumPixels)
    #expect(throws: ImageError(.tooLarge, "declares more than 65536 pixels")) { try decode(file, into: &memory) }
    #expect(memory.allSatisfy { $0 == 0xA5 })
  }
}
