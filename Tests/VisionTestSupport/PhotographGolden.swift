internal import Cryptography
import Foundation
package import Vision

/// Numbers that another implementation computed from each real photograph: `Goldens/vision/photographs-*.json`, made by
/// the scripts beside them from the pixels that ``crops(of:)`` gives. A record keeps `samples` of the numbers.
package struct PhotographGolden: Sendable {
  /// What is known about one photograph.
  package struct Record: Sendable {
    private let identity: [UInt8]
    fileprivate let pixelDigest: [UInt8]
    /// What follows the two digests, as the script packed it.
    package let payload: [UInt8]

    fileprivate init(_ bytes: ArraySlice<UInt8>) {
      let bytes = Array(bytes)
      identity = Array(bytes[0..<8])
      pixelDigest = Array(bytes[8..<16])
      payload = Array(bytes[16...])
    }

    fileprivate var key: [UInt8] { identity }

    /// Whether the script saw the same pixels.
    package func isOf(_ image: GrayImage) -> Bool { Golden.digest(image.pixels) == pixelDigest }

    /// Which of `count` numbers are kept.
    package func positions(of count: Int, samples: Int) -> [Int] {
      let seed = identity[0..<4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      return (0..<UInt32(samples)).map { Int(TestPictures.mix(seed &+ $0) % UInt32(count)) }
    }
  }

  private struct File: Decodable {
    let photographs: Int
    let samples: Int
    let records: String
  }

  /// How many photographs there are records of.
  package let count: Int
  package let samples: Int
  private let records: [[UInt8]: Record]

  /// - Parameter payload: bytes of a record behind its two digests, for a number of samples.
  package init(_ path: String, payload: (_ samples: Int) -> Int) throws {
    let file = try Golden.load(File.self, path)
    let bytes = [UInt8](Data(base64Encoded: file.records) ?? Data())
    let size = 16 + payload(file.samples)
    count = file.photographs
    samples = file.samples
    records = Dictionary(
      stride(from: 0, through: bytes.count - size, by: size).map { start in
        let record = Record(bytes[start..<start + size])
        return (record.key, record)
      }, uniquingKeysWith: { first, _ in first })
  }

  /// The record of a file, by its content.
  package func record(of file: [UInt8]) -> Record? { records[Golden.digest(file)] }

  /// The face is taken to be the middle, four fifths of each side, so that no detector has a say.
  package static func crops(of image: GrayImage) -> FaceCrops {
    let (width, height) = (image.width, image.height)
    let middle = PixelRect(
      x: width / 10, y: height / 10, width: width - width / 10 * 2, height: height - height / 10 * 2)
    return FaceCrops(of: middle, in: image)
  }
}

extension Golden {
  /// The first 8 bytes of SHA-256.
  package static func digest(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(bytes).prefix(8)) }

  /// The same of little-endian floats.
  package static func digest(_ numbers: [Float]) -> [UInt8] {
    digest(numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * $0)) } })
  }
}
