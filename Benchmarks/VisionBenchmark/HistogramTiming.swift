import Foundation
import Vision

/// Processor time of HOG, on one thread.
enum HistogramTiming {
  /// Prints microseconds a picture for each round over all dumped pictures, one a line.
  static func run(dump: String, rounds: Int) throws {
    let images = try PhotographDump.read(dump).map { GrayImage(width: 64, height: 64, pixels: [UInt8]($0.hog)) }
    let hog = HistogramOfGradients(normalization: .l2hys)
    for _ in 0..<rounds {
      let start = VisionBenchmark.processorSeconds()
      var sum: Float = 0
      for image in images { sum += hog.blocks(of: image)[0] }
      let seconds = VisionBenchmark.processorSeconds() - start
      precondition(sum.isFinite)
      print(String(format: "%.3f", seconds * 1e6 / Double(images.count)))
    }
  }
}
