import Foundation
import ImageIO
import Vision

/// What one file costs to decode: for files made to be expensive. One file a process, since memory is measured by its
/// peak.
enum DecodeCost {
  static func print(file: String) throws {
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: file)))
    let before = peakMegabytes()
    let start = VisionBenchmark.processorSeconds()
    let outcome: String
    do throws(ImageError) {
      let image = try PictureDecoder().decodeGray(bytes)
      outcome = "\(image.width)×\(image.height)"
    } catch {
      outcome = "\(error)"
    }
    let milliseconds = (VisionBenchmark.processorSeconds() - start) * 1000
    Swift.print(
      String(
        format: "%@: %ld bytes, %.0f ms, %.0f MB more at the peak, %@",
        URL(filePath: file).lastPathComponent as NSString,
        bytes.count, milliseconds, peakMegabytes() - before, outcome as NSString))
  }

  private static func peakMegabytes() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    // Linux counts in kilobytes.
    return Double(usage.ru_maxrss) * 1024 / 1e6
  }
}
