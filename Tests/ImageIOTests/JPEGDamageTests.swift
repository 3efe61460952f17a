import ImageIO
import Testing
import Vision
import VisionTestSupport

/// What libjpeg warns of, and whether the file is a picture nevertheless: it is where every block was decoded.
@Suite("JPEG files with something wrong")
struct JPEGDamageTests {
  private let decoder = PictureDecoder()
  private static let picture = TestPictures.blobs(width: 320, height: 240, seed: 3)

  /// A file whose coded data is cut by restart markers, as many webcams write it: 30 intervals, of a row of blocks
  /// each.
  private static func file() throws -> JPEGPieces { try JPEGPieces(JPEGEncoder(restartRows: 1).encode(picture)) }

  private func expectCorrupt(
    _ pieces: JPEGPieces, _ words: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: ImageError.self, sourceLocation: sourceLocation) {
      try decoder.decodeGray(pieces.bytes)
    }
    #expect(error?.code == .corrupt, sourceLocation: sourceLocation)
    #expect(error?.detail.contains(words) == true, "\(String(describing: error))", sourceLocation: sourceLocation)
  }

  @Test("the file is cut into its intervals, and put together again")
  func pieces() throws {
    let pieces = try Self.file()
    #expect(pieces.intervals.count == 30)
    #expect(pieces.bytes == (try JPEGEncoder(restartRows: 1).encode(Self.picture)))
  }

  /// Logitech's webcams write two; how many lie in the decoder's bit buffer already decides what libjpeg says of them.
  @Test("stray bytes before restart markers do no harm", arguments: [1, 2, 3, 5, 7, 8, 9, 16, 64])
  func strayBytes(count: Int) throws {
    let clean = try decoder.decodeGray(try Self.file().bytes)
    let stray = (0..<count).map { UInt8($0 * 37 % 251 + 1) }
    for places in [[6], [0, 13, 28], Array(0..<29), Array(0..<30), [29]] {
      var pieces = try Self.file()
      for place in places { pieces.intervals[place] += stray }
      #expect(try decoder.decodeGray(pieces.bytes) == clean, "before \(places)")
    }
  }

  @Test("more than that is damage")
  func manyStrayBytes() throws {
    for place in [0, 6, 28, 29] {
      for before in [0, 2, 12] {
        var pieces = try Self.file()
        for index in 0..<place { pieces.intervals[index] += [UInt8](repeating: 1, count: before) }
        // Up to seven of them may be in the decoder's bit buffer already, and before the end those do not count.
        pieces.intervals[place] += [UInt8](repeating: 1, count: 64 + 8)
        expectCorrupt(pieces, "extraneous bytes before marker")
      }
    }
  }

  /// The first warning is of two stray bytes before the end marker, whatever follows it.
  @Test("a part of a picture is none, also behind a harmless warning", arguments: 1..<30)
  func lostEnd(count: Int) throws {
    for stray in [[], [1, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]] as [[UInt8]] {
      var pieces = try Self.file()
      pieces.intervals = Array(pieces.intervals.prefix(count))
      pieces.intervals[count - 1] += stray
      #expect(throws: ImageError.self) { try decoder.decodeGray(pieces.bytes) }
    }
  }

  /// Also eight, behind which the markers' numbers are right again, and one whose marker is there.
  @Test("a picture that lacks intervals is none", arguments: [1, 2, 3, 7, 8, 16])
  func lostIntervals(count: Int) throws {
    for start in [0, 5, 30 - count] {
      var pieces = try Self.file()
      pieces.intervals.removeSubrange(start..<start + count)
      #expect(throws: ImageError.self) { try decoder.decodeGray(pieces.bytes) }
      pieces.intervals[0] += [1, 2]
      #expect(throws: ImageError.self) { try decoder.decodeGray(pieces.bytes) }
    }
    var pieces = try Self.file()
    for index in 5..<min(5 + count, 30) { pieces.intervals[index] = [] }
    expectCorrupt(pieces, "premature end of data segment")
    // Half of an interval.
    pieces = try Self.file()
    pieces.intervals[count].removeLast(pieces.intervals[count].count / 2)
    expectCorrupt(pieces, "premature end of data segment")
  }

  @Test("restart markers out of order are damage")
  func order() throws {
    var pieces = try Self.file()
    pieces.intervals.swapAt(3, 9)
    // The intervals are the others', and nothing in the file says so.
    #expect(throws: Never.self) { try decoder.decodeGray(pieces.bytes) }
    var bytes = try Self.file().bytes
    let place = try #require(bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xD3 })
    bytes[place + 1] = 0xD5
    let error = #expect(throws: ImageError.self) { try decoder.decodeGray(bytes) }
    #expect(
      error?.code == .corrupt && error?.detail.contains("instead of RST3") == true, "\(String(describing: error))")
  }

  @Test("stray bytes between a file's segments are damage")
  func strayBytesBetweenSegments() throws {
    var pieces = try Self.file()
    // Behind JFIF's.
    pieces.header.insert(contentsOf: [1, 2, 3], at: 20)
    expectCorrupt(pieces, "3 extraneous bytes before marker")
  }

  @Test("a missing end marker is damage, with all pixels there")
  func noEnd() throws {
    var pieces = try Self.file()
    pieces.end = []
    expectCorrupt(pieces, "Premature end of JPEG file")
  }

  @Test("codes that mean nothing are damage")
  func badCodes() throws {
    var pieces = try Self.file()
    // Sixteen ones begin no code of the standard's tables.
    pieces.intervals[4] = [UInt8](repeating: 0xFE, count: 2) + [0xFF, 0, 0xFF, 0, 0xFF, 0] + pieces.intervals[4]
    #expect(throws: ImageError.self) { try decoder.decodeGray(pieces.bytes) }
  }

  /// Of warnings that say nothing of the pixels.
  @Test("what is wrong beside the pixels does no harm")
  func harmless() throws {
    let clean = try decoder.decodeGray(try Self.file().bytes)
    // JFIF's major version.
    var bytes = try Self.file().bytes
    #expect(Array(bytes[6..<11]) == Array("JFIF\0".utf8))
    bytes[11] = 9
    #expect(try decoder.decodeGray(bytes) == clean)
    // Zeros where a baseline scan says that it has all coefficients.
    bytes = try Self.file().bytes
    let scan = try #require(bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA })
    #expect(Array(bytes[scan + 7..<scan + 10]) == [0, 63, 0])
    bytes[scan + 8] = 0
    #expect(try decoder.decodeGray(bytes) == clean)
  }

  @Test("a colour transform that nobody knows is damage: what is brightness would be a guess")
  func colourTransform() throws {
    let colours = RGBImage(width: 32, height: 16, pixels: (0..<32 * 16 * 3).map { UInt8(truncatingIfNeeded: $0) })
    var bytes = try JPEGEncoder().encode(colours)
    // Instead of JFIF's segment Adobe's.
    bytes.replaceSubrange(
      2..<20, with: [0xFF, 0xEE, 0, 14] + Array("Adobe".utf8) + [0, 100, 0, 0, 0, 0] + [7])
    let error = #expect(throws: ImageError.self) { try decoder.decodeGray(bytes) }
    #expect(error?.detail.contains("transform code 7") == true, "\(String(describing: error))")
  }

  /// An end marker behind the first scans of a progressive file: libjpeg does not warn, and shows a blurred picture.
  @Test("a progressive file without its last scans is none")
  func lostScans() throws {
    let file = ImageFixture.named("JPEG progressive").file
    let scans = file.indices.dropLast().filter { file[$0] == 0xFF && file[$0 + 1] == 0xDA }
    #expect(scans.count > 4)
    for scan in scans.dropFirst() {
      let cut = Array(file[..<scan]) + [0xFF, 0xD9]
      let error = #expect(throws: ImageError.self) { try decoder.decodeGray(cut) }
      #expect(error == ImageError(.corrupt, "JPEG without all the scans of its picture"))
    }
  }

  /// A picture that is one of `intervals` fewer, or has stray bytes in every way, is never another picture than the
  /// whole one but where the intervals themselves are changed.
  @Test("whatever lies between the intervals, the picture is the clean one or none", arguments: UInt32(0)..<40)
  func property(seed: UInt32) throws {
    let clean = try decoder.decodeGray(try Self.file().bytes)
    var state = seed
    func next(_ limit: Int) -> Int {
      state = TestPictures.mix(state &+ 0x9E37_79B9)
      return Int(state) % limit
    }
    var pieces = try Self.file()
    for _ in 0...next(6) {
      let stray = (0..<next(80)).map { _ in UInt8(next(255)) }
      switch next(3) {
      case 0: pieces.intervals.remove(at: next(pieces.intervals.count))
      default: pieces.intervals[next(pieces.intervals.count)] += stray
      }
    }
    guard let picture = try? decoder.decodeGray(pieces.bytes) else { return }
    #expect(picture == clean)
  }
}

/// A JPEG file of one scan, cut at its restart markers.
private struct JPEGPieces {
  /// Up to the coded data.
  var header: [UInt8]
  /// The coded data between two restart markers each.
  var intervals: [[UInt8]]
  var end: [UInt8] = [0xFF, 0xD9]

  init(_ file: [UInt8]) throws {
    let scan = try #require(file.indices.dropLast().first { file[$0] == 0xFF && file[$0 + 1] == 0xDA })
    let start = scan + 2 + Int(file[scan + 2]) << 8 + Int(file[scan + 3])
    header = Array(file[..<start])
    intervals = [[]]
    var place = start
    while place < file.count - 2 {
      if file[place] == 0xFF, (0xD0...0xD7).contains(file[place + 1]) {
        intervals.append([])
        place += 2
      } else {
        intervals[intervals.count - 1].append(file[place])
        place += 1
      }
    }
  }

  /// With restart markers numbered as they come.
  var bytes: [UInt8] {
    var bytes = header
    for (index, interval) in intervals.enumerated() {
      if index > 0 { bytes += [0xFF, 0xD0 + UInt8((index - 1) % 8)] }
      bytes += interval
    }
    return bytes + end
  }
}
