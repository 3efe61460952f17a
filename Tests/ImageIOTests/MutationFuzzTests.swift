import Foundation
import ImageIO
import StableHashing
import Testing
import Vision
import VisionTestSupport

/// Damages valid files at random for a bounded time. A run prints its seed; LECTERN_FUZZ_SEED repeats it, and
/// LECTERN_FUZZ_SECONDS makes it longer.
@Suite("Fuzzing the decoder")
struct MutationFuzzTests {
  @Test("a damaged file is an error or a picture of the declared shape")
  func mutations() throws {
    let environment = ProcessInfo.processInfo.environment
    let seconds = environment["LECTERN_FUZZ_SECONDS"].flatMap(Double.init) ?? 3
    let seed = environment["LECTERN_FUZZ_SEED"].flatMap(UInt64.init) ?? .random(in: 0...UInt64.max)
    print("image fuzz: LECTERN_FUZZ_SEED=\(seed)")
    var random = SplitMix64(seed: seed)
    // Memory and time a file can cost are bounded by the pixels it may declare: here few, so that a run sees many
    // files.
    let decoder = PictureDecoder(limits: ImageLimits(maximumBytes: 1 << 16, maximumPixels: 1 << 18))
    let deadline = ContinuousClock.now + .seconds(seconds)
    var (files, pictures) = (0, 0)
    while ContinuousClock.now < deadline {
      let fixture = ImageFixture.all.randomElement(using: &random)!
      var bytes = fixture.file
      for _ in 0..<[1, 1, 1, 2, 3, 5].randomElement(using: &random)! { mutate(&bytes, using: &random) }
      // Without right checksums a PNG reader looks no further.
      if fixture.isPNG, Int.random(in: 0...7, using: &random) > 0 { Self.repairChecksums(&bytes) }
      files += 1
      let header = try? decoder.probe(bytes)
      guard let image = try? decoder.decodeGray(bytes) else { continue }
      pictures += 1
      let isRight = header.map { $0.width == image.width && $0.height == image.height } ?? false
      #expect(isRight && image.pixels.count == image.width * image.height, "seed \(seed), file \(files)")
    }
    print("image fuzz: \(files) damaged files, \(pictures) still pictures")
    #expect(files >= 20 && pictures > 0 && pictures < files)
  }

  private func mutate(_ bytes: inout [UInt8], using random: inout SplitMix64) {
    guard !bytes.isEmpty else { return }
    let place = Int.random(in: 0..<bytes.count, using: &random)
    let length = min(Int.random(in: 1...32, using: &random), bytes.count - place)
    switch Int.random(in: 0...8, using: &random) {
    case 0: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
    case 1: bytes[place] = .random(in: 0...255, using: &random)
    case 2: bytes.replaceSubrange(place..<place + length, with: [UInt8](repeating: 0xFF, count: length))
    case 3: bytes.removeSubrange(place..<place + length)
    case 4: bytes.insert(contentsOf: bytes[place..<place + length], at: Int.random(in: 0...bytes.count, using: &random))
    case 5: bytes.removeSubrange(place...)
    case 6:
      // Numbers at the limits of 16 and 32 bits, where lengths and sizes are kept.
      let value = [0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF].randomElement(using: &random)!
      let width = min(Bool.random(using: &random) ? 2 : 4, bytes.count - place)
      for byte in 0..<width { bytes[place + byte] = UInt8(truncatingIfNeeded: value >> (8 * (width - 1 - byte))) }
    case 7:
      // Part of another file.
      let other = ImageFixture.all.randomElement(using: &random)!.file
      let start = Int.random(in: 0..<other.count, using: &random)
      bytes.replaceSubrange(place..<place + length, with: other[start..<min(start + 64, other.count)])
    default:
      // A JPEG marker.
      bytes.insert(contentsOf: [0xFF, .random(in: 0xC0...0xFE, using: &random)], at: place)
    }
  }

  private static func repairChecksums(_ bytes: inout [UInt8]) {
    var place = 8
    while place + 12 <= bytes.count {
      let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      guard length <= bytes.count - place - 12 else { return }
      let end = place + 8 + length
      let sum = Golden.crc32(Array(bytes[(place + 4)..<end]))
      for byte in 0..<4 { bytes[end + byte] = UInt8(truncatingIfNeeded: sum >> UInt32(8 * (3 - byte))) }
      place = end + 4
    }
  }
}
