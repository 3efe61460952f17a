import Foundation
import ImageIO
import ImageTypes
import IsolatedDecoding
import TextOutput
import Vision

/// The program as a worker's decoder process; see `IsolatedDecoder`.
enum DecoderMain {
  /// Never touches what the rest of the program needs: neither OpenCV nor oneDNN is called, no thread started.
  static func run() -> Never {
    let pattern = GrayImage(width: 16, height: 16, pixels: (0..<256).map { UInt8($0) })
    let trials = ImageType.allCases.compactMap { try? pattern.encoded(as: $0) }
    let status = DecoderProcess.run(Array(CommandLine.arguments.dropFirst(2)), trials: trials) { limits in
      let decoder = PictureDecoder(limits: limits)
      return { (file, pixels) throws(ImageError) in try decoder.decodeGray(file, into: pixels) }
    }
    if status == 64 {
      try? DescriptorStream(STDERR_FILENO).write("lectern: a worker starts decoder processes, nobody else does\n")
    }
    // Nothing is left to be written or freed, and the libraries' own farewells ask for more than is allowed.
    _exit(status)
  }
}
