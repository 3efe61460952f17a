import ImageIO
import ImageTypes
import Testing
import Vision
import VisionTestSupport

/// The orientations themselves are among the fixtures; here is what can be wrong with the tag.
@Suite("EXIF orientation")
struct OrientationTests {
  private let decoder = PictureDecoder()
  private let plain = ImageFixture.named("JPEG orientation 1")
  private let tall = GrayImage(width: 2, height: 3, pixels: [1, 2, 3, 4, 5, 6])

  /// A JPEG file with these bytes as its EXIF block.
  private func file(exif: [UInt8]) throws -> [UInt8] {
    let bytes = try JPEGEncoder(quality: 95).encode(TestPictures.blobs(width: 24, height: 16, seed: 4))
    let body = Array("Exif\0\0".utf8) + exif
    let length = body.count + 2
    return Array(bytes[0..<2]) + [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 255)] + body + bytes[2...]
  }

  /// A little-endian block of one entry.
  private func block(tag: Int = 0x0112, type: Int = 3, count: Int = 1, value: Int, entries: Int = 1) -> [UInt8] {
    func number(_ value: Int, _ bytes: Int) -> [UInt8] { (0..<bytes).map { UInt8(value >> (8 * $0) & 255) } }
    return [0x49, 0x49, 0x2A, 0] + number(8, 4) + number(entries, 2) + number(tag, 2) + number(type, 2)
      + number(count, 4) + number(value, 4) + number(0, 4)
  }

  @Test("all eight turn as they say")
  func eight() {
    let expected: [ImageOrientation: (Int, [UInt8])] = [
      .upright: (2, [1, 2, 3, 4, 5, 6]), .mirrored: (2, [2, 1, 4, 3, 6, 5]),
      .turnedHalfway: (2, [6, 5, 4, 3, 2, 1]), .flipped: (2, [5, 6, 3, 4, 1, 2]),
      .transposed: (3, [1, 3, 5, 2, 4, 6]), .turnedRight: (3, [5, 3, 1, 6, 4, 2]),
      .transversed: (3, [6, 4, 2, 5, 3, 1]), .turnedLeft: (3, [2, 4, 6, 1, 3, 5]),
    ]
    for orientation in ImageOrientation.allCases {
      let image = tall.upright(from: orientation)
      #expect(image.width == expected[orientation]?.0 && image.pixels == expected[orientation]?.1, "\(orientation)")
      #expect(orientation.swapsSides == (image.width == 3))
    }
  }

  @Test("the header tells the upright size and that the picture is stored otherwise")
  func header() throws {
    let header = try decoder.probe(ImageFixture.named("PNG orientation 6").file)
    #expect(header == ImageHeader(width: 21, height: 13, format: .png, orientation: .turnedRight))
    #expect(try decoder.probe(plain.file).orientation == .upright)
  }

  @Test("a tag is believed as SHORT or LONG", arguments: [3, 4])
  func types(type: Int) throws {
    #expect(try decoder.probe(file(exif: block(type: type, value: 8))).orientation == .turnedLeft)
  }

  @Test("a wrong block means upright, and the picture is read all the same")
  func wrong() throws {
    let good = block(value: 6)
    var bad: [[UInt8]] = [
      [], [0x49], block(value: 0), block(value: 9), block(value: 65_535), block(type: 2, value: 6),
      block(type: 5, value: 6), block(count: 0, value: 6), block(count: 2, value: 6),
      block(count: 0xFFFF_FFFF, value: 6),
      block(tag: 0x0113, value: 6), block(tag: 0x0113, value: 6, entries: 65_535), block(value: 6, entries: 0),
      Array("II*".utf8) + [0xFF, 0xFF, 0xFF, 0xFF, 0xFF], Array("MM".utf8) + good[2...],
    ]
    // The directory at every place beyond, upon itself, and at the end; every cut.
    for offset in [0, 1, 7, 9, 25, 26, 255, 65_535, 0x7FFF_FFFF, 0xFFFF_FFFF] {
      var block = good
      for byte in 0..<4 { block[4 + byte] = UInt8(offset >> (8 * byte) & 255) }
      bad.append(block)
    }
    bad += (0..<22).map { Array(good.prefix($0)) }
    let expected = try decoder.decodeGray(file(exif: block(value: 1)))
    for exif in bad {
      #expect(try decoder.probe(file(exif: exif)).orientation == .upright, "\(exif)")
      #expect(try decoder.decodeGray(file(exif: exif)) == expected)
    }
    #expect(try decoder.decodeGray(file(exif: good)) == expected.upright(from: .turnedRight))
  }

  @Test("whatever is in the block, the picture is the same in one of eight orientations")
  func random() throws {
    let stored = try decoder.decodeGray(file(exif: block(value: 1)))
    let all = Set(ImageOrientation.allCases.map { stored.upright(from: $0) })
    var seen: Set<ImageOrientation> = []
    for seed in UInt32(0)..<3000 {
      var exif = block(value: Int(TestPictures.mix(seed) % 10))
      for change in 0..<(seed % 3) {
        let hash = TestPictures.mix(seed &* 7 &+ change &+ 99)
        exif[Int(hash % UInt32(exif.count))] = UInt8(hash >> 24)
      }
      let bytes = try file(exif: exif)
      seen.insert(try decoder.probe(bytes).orientation)
      if seed % 10 == 0 { #expect(all.contains(try decoder.decodeGray(bytes))) }
    }
    #expect(seen.count == 8)
  }
}
