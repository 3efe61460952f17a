import Cryptography
import ImageIO
import LearningEvents
import Recognition
import StubRecognition
import Synchronization
import Vision

/// The stub classifier inside a test: it remembers which pictures it looked at. The real decoder looks at the header,
/// so that what is no picture or too large is told apart as in the product.
final class IngestRecognizer: FrameRecognizing {
  private let stub = StubRecognizer()
  private let before: @Sendable ([RecognitionRequest]) async throws -> Void
  private let looked = Mutex<[[UInt8]: Int]>([:])

  /// `before` runs ahead of each chunk: to be slow, to count or to wait.
  init(before: @escaping @Sendable ([RecognitionRequest]) async throws -> Void = { _ in }) { self.before = before }

  var modelID: ModelID { stub.modelID }

  /// How many pictures were looked at, and whether a certain one was.
  var count: Int { looked.withLock { $0.values.reduce(0, +) } }
  func hasSeen(_ image: [UInt8]) -> Bool { looked.withLock { $0[SHA256.hash(image)] != nil } }

  func sizeProblem(of picture: UnsafeRawBufferPointer) -> String? { stub.sizeProblem(of: picture) }

  func recognize(_ requests: [RecognitionRequest]) async throws -> [RecognitionOutcome] {
    looked.withLock { looked in
      for request in requests { looked[SHA256.hash(request.bytes), default: 0] += 1 }
    }
    try await before(requests)
    return try await stub.recognize(requests)
  }

  static func distribution(of image: [UInt8]) -> EmotionDistribution { StubRecognizer.distribution(of: image) }
}

/// Small real pictures, each with bytes of its own.
enum IngestPictures {
  static func picture(_ number: Int) -> [UInt8] {
    let pixels = (0..<64).map { UInt8(truncatingIfNeeded: $0 < 4 ? number >> ($0 * 8) : $0 &* 37) }
    guard let bytes = try? PNGEncoder().encode(GrayImage(width: 8, height: 8, pixels: pixels)) else {
      preconditionFailure("a picture of 8×8 pixels can be encoded")
    }
    return bytes
  }

  /// A few dozen bytes that declare 30000×30000 pixels, with a correct checksum.
  static func bomb() -> [UInt8] {
    var bytes = picture(0)
    // Signature 8, length 4, "IHDR" 4, width 4, height 4, five more bytes, then the checksum of name and data.
    for at in [16, 20] { bytes.replaceSubrange(at..<(at + 4), with: [0, 0, 0x75, 0x30]) }
    let checksum = crc32(bytes[12..<29])
    for index in 0..<4 { bytes[29 + index] = UInt8(truncatingIfNeeded: checksum >> (24 - 8 * index)) }
    return bytes
  }

  private static func crc32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var crc: UInt32 = 0xffff_ffff
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
    }
    return ~crc
  }
}
