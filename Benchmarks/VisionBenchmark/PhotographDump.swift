import Cryptography
import Foundation
import ImageIO
import Vision

/// The pixels that the features of each photograph are computed from, for other implementations to compute them too.
///
/// One JSON object a line: `sha256` of the file (it names the photograph), `hog` and `sift` (base64 of the 64×64 and
/// 112×112 gray pixels), `l2hys` (base64 of Lectern's 1764 little-endian floats, in scikit-image's order).
struct PhotographDump: Codable {
  let sha256: String
  let hog: Data
  let sift: Data
  let l2hys: Data

  /// The face of every photograph is taken to be its middle, four fifths of each side, so that the comparison does not
  /// depend on a detector; most of these photographs are cropped to the head.
  init(file: [UInt8], image: GrayImage) {
    let crops = FaceCrops(of: image.middle, in: image)
    sha256 = Hex.encode(SHA256.hash(file))
    hog = Data(crops.hog.pixels)
    sift = Data(crops.sift.pixels)
    let blocks = HistogramOfGradients(normalization: .l2hys).blocks(of: crops.hog)
    l2hys = blocks.withUnsafeBytes { Data($0) }
  }

  static func write(folder: String, to path: String) throws {
    let decoder = PictureDecoder()
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    var lines = Data()
    var refused = 0
    for name in try VisionBenchmark.photographs(in: folder) {
      let file = try VisionBenchmark.bytes(name, in: folder)
      guard let image = try? decoder.decodeGray(file) else {
        refused += 1
        continue
      }
      lines.append(try encoder.encode(PhotographDump(file: file, image: image)))
      lines.append(10)
    }
    try lines.write(to: URL(filePath: path))
    FileHandle.standardError.write(Data("\(refused) files are no JPEG or PNG picture and are left out\n".utf8))
  }

  static func read(_ path: String) throws -> [PhotographDump] {
    let decoder = JSONDecoder()
    return try Data(contentsOf: URL(filePath: path)).split(separator: 10).map {
      try decoder.decode(PhotographDump.self, from: Data($0))
    }
  }
}

extension GrayImage {
  /// The rectangle that leaves a tenth of each side.
  var middle: PixelRect {
    PixelRect(x: width / 10, y: height / 10, width: width - width / 10 * 2, height: height - height / 10 * 2)
  }
}
