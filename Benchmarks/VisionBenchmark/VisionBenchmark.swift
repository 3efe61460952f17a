import Foundation
import ImageIO
import Vision

/// Measures the pure features on real photographs, and hands their pixels to the scripts that compare with other
/// implementations. Not part of the program.
///
///     VisionBenchmark dump FOLDER OUT      pixels and HOG of every photograph, one JSON object a line (PhotographDump)
///     VisionBenchmark hog DUMP [ROUNDS]    processor time of HOG on the dumped 64×64 pictures
///     VisionBenchmark sift FOLDER          empty grid cells and milliseconds by contrast threshold
///     VisionBenchmark decode FILE          processor time and memory of one file (see costly_pictures.py)
@main
enum VisionBenchmark {
  static let usage = "usage: VisionBenchmark dump FOLDER OUT | hog DUMP [ROUNDS] | sift FOLDER | decode FILE\n"

  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    switch (arguments.first, arguments.count) {
    case ("dump", 3): try PhotographDump.write(folder: arguments[1], to: arguments[2])
    case ("hog", 2), ("hog", 3):
      try HistogramTiming.run(dump: arguments[1], rounds: arguments.count == 3 ? Int(arguments[2]) ?? 20 : 20)
    case ("decode", 2): try DecodeCost.print(file: arguments[1])
    case ("sift", 2): try ThresholdTable.print(folder: arguments[1])
    default:
      FileHandle.standardError.write(Data(usage.utf8))
      exit(64)
    }
  }

  /// The names of the JPEG and PNG files of a folder, sorted.
  static func photographs(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).filter { name in
      [".jpg", ".jpeg", ".png"].contains { name.lowercased().hasSuffix($0) }
    }.sorted()
  }

  static func bytes(_ name: String, in folder: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: folder).appending(path: name)))
  }

  /// Processor time of the calling thread, in seconds: other programs on the machine hardly change it.
  static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
