import DeviationReporting
import ImageIO
import ImageTypes
import Testing
import Vision
import VisionTestSupport

@Suite("Decoding pictures")
struct PictureDecoderTests {
  private let decoder = PictureDecoder()

  @Test("the fixtures are there")
  func fixtures() { #expect(ImageFixture.all.count == 68 && ImageFixture.refused.count == 6) }

  @Test("every kind of file gives its gray pixels", arguments: ImageFixture.all)
  func decodes(fixture: ImageFixture) throws {
    let header = try decoder.probe(fixture.file)
    #expect(header.width == fixture.width && header.height == fixture.height)
    #expect(header.format == (fixture.isPNG ? .png : .jpeg))
    let image = try decoder.decodeGray(fixture.file)
    #expect(image.width == fixture.width && image.height == fixture.height)
    let worst = zip(image.pixels, fixture.gray).map { abs(Int($0) - Int($1)) }.max() ?? 255
    #expect(worst <= fixture.tolerance)
    let part = fixture.part
    DeviationReport.publish(
      part.name, against: part.reference, tolerance: Double(fixture.tolerance), worst: Double(worst))
  }

  /// Where no colour leaves the RGB cube the stored Y is the luma of the RGB pixels, but for rounding. Strong colours
  /// are clipped on the way to RGB, which changes their luma: there Y is the truer one.
  @Test("the Y channel is the luma of the colours", arguments: zip(ImageFixture.lumaOfRGB.indices, [1, 12]))
  func lumaOfRGB(index: Int, tolerance: Int) throws {
    let fixture = ImageFixture.lumaOfRGB[index]
    let image = try decoder.decodeGray(fixture.file)
    let worst = zip(image.pixels, fixture.gray).map { abs(Int($0) - Int($1)) }.max() ?? 255
    #expect(image.pixels.count == fixture.gray.count && worst <= tolerance)
    DeviationReport.publish(
      "JPEG's Y channel, \(fixture.name), max|Δ| of 255", against: "luma of Pillow's RGB pixels",
      tolerance: Double(tolerance), worst: Double(worst))
  }

  @Test("any file cut short is corrupt", arguments: ImageFixture.all)
  func truncated(fixture: ImageFixture) {
    // The end chunk of a PNG has no data, and libspng does not ask for the four bytes of its checksum.
    let whole = fixture.length - (fixture.isPNG ? 4 : 0)
    for length in 0..<whole {
      let error = #expect(throws: ImageError.self) { try decoder.decodeGray(Array(fixture.file.prefix(length))) }
      let expected: ImageError.Code = length < (fixture.isPNG ? 8 : 3) ? .notAnImage : .corrupt
      #expect(error?.code == expected, "cut to \(length) of \(fixture.file.count) bytes: \(String(describing: error))")
    }
  }

  @Test("damage never crashes, and gives a picture of the declared size or an error", arguments: ImageFixture.all)
  func damaged(fixture: ImageFixture) {
    for seed in UInt32(0)..<200 {
      var bytes = fixture.file
      for flip in 0..<(1 + seed % 4) {
        let hash = TestPictures.mix(seed &* 31 &+ flip &* 0x9E37_79B9)
        bytes[Int(hash) % bytes.count] = UInt8(TestPictures.mix(hash) & 0xFF)
      }
      // The declared size may be what was damaged: keep what a hostile header can cost in a test small.
      let small = PictureDecoder(limits: ImageLimits(maximumPixels: 1 << 20))
      guard let header = try? small.probe(bytes), let image = try? small.decodeGray(bytes) else { continue }
      #expect(image.width == header.width && image.height == header.height)
    }
  }

  @Test("random bytes are no image, whatever they begin with")
  func randomBytes() {
    let starts: [[UInt8]] = [
      [], [0xFF, 0xD8, 0xFF], [0xFF, 0xD8, 0xFF, 0xE0], [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A],
    ]
    for seed in UInt32(0)..<2000 {
      let body = (0..<(seed % 300)).map { UInt8(TestPictures.mix(seed &* 1000 &+ $0) >> 24) }
      #expect(throws: ImageError.self) { try decoder.decodeGray(starts[Int(seed % 4)] + body) }
    }
  }

  @Test("what is no image is told apart")
  func notAnImage() {
    #expect(throws: ImageError(.notAnImage, "no bytes")) { try decoder.probe([]) }
    for bytes in [Array("GIF".utf8), Array("BM, a text".utf8), Array("<html>".utf8), [0xFF, 0xD8], [0x89, 0x50]] {
      #expect(throws: ImageError(.notAnImage, "neither JPEG nor PNG")) { try decoder.decodeGray(bytes) }
    }
  }

  /// A GIF and a WebP among them are animated.
  @Test("pictures of other formats are refused by name")
  func otherFormats() {
    for (format, file) in ImageFixture.refused {
      #expect(throws: ImageError(.unsupported, "\(format) pictures are not read: send JPEG or PNG")) {
        try decoder.decodeGray(file)
      }
      for length in 0..<file.count {
        #expect(throws: ImageError.self) { try decoder.probe(Array(file.prefix(length))) }
      }
    }
  }

  @Test("size is judged by declaration, before decoding")
  func tooLarge() throws {
    #expect(throws: ImageError(.tooLarge, "more bytes than allowed")) {
      try decoder.probe([UInt8](repeating: 0xFF, count: (8 << 20) + 1))
    }
    // In small files; the bytes behind the header are never looked at.
    let pixels = ImageError(.tooLarge, "declares more than 50000000 pixels")
    let side = ImageError(.tooLarge, "declares a side longer than 16384 pixels")
    #expect(throws: pixels) { try decoder.decodeGray(try Self.png(declaring: 7072, by: 7072)) }
    #expect(throws: pixels) { try decoder.decodeGray(try Self.jpeg(declaring: 16384, by: 3052)) }
    // As many pixels as are allowed, in a row.
    for (width, height) in [(50_000_000, 1), (1, 50_000_000), (16_385, 1), (1, 16_385), (1 << 32 - 1, 1 << 32 - 1)] {
      #expect(throws: side) { try decoder.decodeGray(try Self.png(declaring: width, by: height)) }
    }
    for (width, height) in [(65_500, 1), (1, 65_500), (16_385, 1), (1, 16_385)] {
      #expect(throws: side) { try decoder.decodeGray(try Self.jpeg(declaring: width, by: height)) }
    }
    for (width, height) in [(16_384, 3051), (3051, 16_384), (16_384, 1), (1, 16_384)] {
      #expect(try decoder.probe(try Self.png(declaring: width, by: height)).width == width)
      #expect(try decoder.probe(try Self.jpeg(declaring: width, by: height)).height == height)
    }
  }

  @Test("pictures of the longest sides are pictures", arguments: [(16_384, 1), (1, 16_384)])
  func longestSides(width: Int, height: Int) throws {
    let image = GrayImage(width: width, height: height, repeating: 200)
    #expect(try decoder.decodeGray(try PNGEncoder().encode(image)) == image)
    #expect(try decoder.decodeGray(try JPEGEncoder().encode(image)) == image)
  }

  private static func png(declaring width: Int, by height: Int) throws -> [UInt8] {
    var png = ImageFixture.named("PNG gray 8").file
    png.replaceSubrange(
      16..<24, with: [width, height].flatMap { side in [24, 16, 8, 0].map { UInt8(side >> $0 & 255) } })
    return png
  }

  private static func jpeg(declaring width: Int, by height: Int) throws -> [UInt8] {
    var jpeg = ImageFixture.named("JPEG gray").file
    let frame = try #require(jpeg.indices.first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
    jpeg.replaceSubrange(
      frame + 5..<frame + 9, with: [height, width].flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] })
    return jpeg
  }

  /// The last scan, said again and again: each would go over the whole picture.
  @Test("a JPEG of very many scans is refused before it is decoded")
  func scans() throws {
    var jpeg = ImageFixture.named("JPEG progressive").file
    let frame = try #require(jpeg.indices.first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC2 })
    let last = try #require(jpeg.indices.last { jpeg[$0] == 0xFF && jpeg[min($0 + 1, jpeg.count - 1)] == 0xDA })
    let scan = jpeg[last..<jpeg.count - 2]
    // The picture is small: up to 500 scans would be tried.
    jpeg.insert(contentsOf: (0..<600).flatMap { _ in scan }, at: jpeg.count - 2)
    #expect(throws: ImageError(.unsupported, "JPEG of more scans than its size allows")) {
      try decoder.decodeGray(jpeg)
    }
    // The same declared as 7071×7071.
    jpeg = ImageFixture.named("JPEG progressive").file
    jpeg.insert(contentsOf: (0..<12).flatMap { _ in scan }, at: jpeg.count - 2)
    jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0x1B, 0x9F, 0x1B, 0x9F])
    #expect(throws: ImageError(.unsupported, "JPEG of more scans than its size allows")) {
      try decoder.decodeGray(jpeg)
    }
  }

  @Test("a JPEG with 12-bit samples is unsupported")
  func unsupported() throws {
    var jpeg = ImageFixture.named("JPEG gray").file
    let frame = try #require(jpeg.indices.first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
    jpeg[frame + 4] = 12
    let error = #expect(throws: ImageError.self) { try decoder.decodeGray(jpeg) }
    #expect(error?.code == .unsupported)
  }

  @Test("one decoder serves many threads")
  func shared() async {
    await withTaskGroup(of: Bool.self) { group in
      for fixture in ImageFixture.all {
        group.addTask { (try? decoder.decodeGray(fixture.file))?.width == fixture.width }
      }
      for await same in group { #expect(same) }
    }
  }
}
