import Foundation
import OpenCV
import Vision

/// Compares face detectors on real photographs, rendered webcam pictures and pictures without a face. Not part of the
/// program.
///
///     FaceSweep FOLDER EVERY [photographs] SUITE…     compares detectors; `photographs` leaves out all other pictures
///     FaceSweep FOLDER EVERY quality                   what quality is judged by, on the chosen detector's faces
///     FaceSweep FOLDER EVERY sessions                  what following faces saves on rendered sessions
///
/// FOLDER holds photographs that show one head each, mostly cropped to it; EVERY takes each n-th picture of every kind;
/// SUITE is one of chosen, before, cascades, sizes, neighbors, steps, smallest, margins, equalized, staged, profiles.
/// Prints a Markdown table, a row a detector:
///
/// - photographs: share with a face found; "large": share whose largest box is at least a third of the picture's longer
///   side, as the face in a head crop must be;
/// - placed faces (a photograph pasted into a rendered room, rendered learners facing the camera or turned aside, other
///   sizes): share whose largest box has its centre in the middle of the true one and between 0.4 and 1.6 times its
///   side;
/// - pictures without a face (empty rooms; photographs with the face masked out, in shuffled tiles, upside down;
///   textures): how many of them have a face "found";
/// - milliseconds of processor time a picture, over all 640×480 and over all 350×350 pictures.
@main
enum FaceSweep {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard arguments.count >= 3, let folder = arguments.first, let every = Int(arguments.dropFirst().first!), every > 0
    else { return fail("usage: FaceSweep FOLDER EVERY SUITE…") }
    var suites = Array(arguments.dropFirst(2))
    if suites == ["sessions"] { return try SessionTiming.print(say: say) }
    if suites == ["quality"] {
      return try QualityTable.print(try SweepPictures.photographs(in: folder, every: every), say: say)
    }
    let isShort = suites.first == "photographs"
    if isShort { suites.removeFirst() }
    let pictures = try SweepPictures(folder: folder, every: every, onlyPhotographs: isShort)
    let names = pictures.groups.map { " \($0.name) (\($0.items.count)) |" + ($0.kind == .headCrop ? " large |" : "") }
    say("| detector |" + names.joined() + " ms 640×480 | ms 350×350 |")
    say("|---|" + String(repeating: "---:|", count: pictures.groups.count + 3))
    for name in suites {
      guard let suite = SweepConfiguration.suite(name) else { return fail("no suite named \(name)") }
      for configuration in suite { try measure(configuration, on: pictures) }
    }
  }

  /// A line on standard output, at once: a sweep takes minutes.
  private static func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

  private static func fail(_ message: String) {
    FileHandle.standardError.write(Data((message + "\n").utf8))
    exit(64)
  }

  private static func measure(_ configuration: SweepConfiguration, on pictures: SweepPictures) throws {
    let detector = try configuration.detector()
    var line = "| \(configuration.name) |"
    var spent: [Int: (seconds: Double, pictures: Int)] = [:]
    for group in pictures.groups {
      var found = 0
      var good = 0
      for item in group.items {
        let image = configuration.equalizes ? SweepConfiguration.equalized(item.image) : item.image
        let start = processorSeconds()
        let faces = try detector.detect(in: image).faces
        spent[image.width, default: (0, 0)].seconds += processorSeconds() - start
        spent[image.width, default: (0, 0)].pictures += 1
        guard let face = faces.first else { continue }
        found += 1
        switch group.kind {
        case .headCrop: good += 3 * face.longestSide >= image.bounds.longestSide ? 1 : 0
        case .placed: good += isRight(face, item.truth!) ? 1 : 0
        case .faceless: break
        }
      }
      let count = Double(group.items.count)
      switch group.kind {
      case .headCrop: line += percent(Double(found) / count) + percent(Double(good) / count)
      case .placed: line += percent(Double(good) / count)
      case .faceless: line += " \(found) |"
      }
    }
    for width in [640, 350] {
      let time = spent[width] ?? (0, 1)
      line += String(format: " %.2f |", 1000 * time.seconds / Double(time.pictures))
    }
    say(line)
  }

  private static func isRight(_ face: PixelRect, _ truth: PixelRect) -> Bool {
    let dx = 2 * face.x + face.width - 2 * truth.x - truth.width
    let dy = 2 * face.y + face.height - 2 * truth.y - truth.height
    return 2 * abs(dx) <= truth.width && 2 * abs(dy) <= truth.height
      && 10 * face.longestSide >= 4 * truth.longestSide && 10 * face.longestSide <= 16 * truth.longestSide
  }

  private static func percent(_ share: Double) -> String { String(format: " %.1f %% |", 100 * share) }

  static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
