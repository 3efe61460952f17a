import Foundation
import ImageIO
import LearningEvents
import OpenCV
import Recognition
import StableHashing
import Training
import Vision

/// Looks at the drawn faces: sheets to look at, how many the face finder finds, how long one takes, and crops for
/// `Benchmarks/drawn_faces.py`. Not part of the program. What it measures says something about the drawings, and
/// nothing about people.
///
///     DrawnFaces sheet OUT.jpg [COLUMNS ROWS SEED NUISANCE]       whole pictures, a column an emotion in turn
///     DrawnFaces crops FOLDER PER_CLASS SUBJECTS SEED [NUISANCE]  28×28 of the aligned crops, found rates by class
///     DrawnFaces blind FOLDER COUNT SEED [NUISANCE]               crops in random order, and a key
///     DrawnFaces speed [NUISANCE]                                 milliseconds of processor time a picture
///
/// NUISANCE is as `Nuisance` reads it: `room` (the default), `none`, `0.3`, `none,blur=1`.
@main
enum DrawnFaces {
  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    func number(_ index: Int, _ fallback: Int) -> Int {
      index < arguments.count ? Int(arguments[index]) ?? fallback : fallback
    }
    func nuisance(_ index: Int) -> Nuisance {
      guard index < arguments.count else { return .room }
      guard let nuisance = Nuisance(arguments[index]) else { fatalError("no nuisance: \(arguments[index])") }
      return nuisance
    }
    switch arguments.first {
    case "sheet":
      try sheet(
        to: arguments[1], columns: number(2, 6), rows: number(3, 4), seed: UInt64(number(4, 1)), nuisance: nuisance(5))
    case "crops":
      try crops(
        in: arguments[1], perClass: number(2, 300), subjects: number(3, 100), seed: UInt64(number(4, 1)),
        nuisance: nuisance(5))
    case "blind": try blind(in: arguments[1], count: number(2, 60), seed: UInt64(number(3, 1)), nuisance: nuisance(4))
    case "speed": speed(nuisance: nuisance(1))
    default: throw Usage()
    }
  }

  private struct Usage: Error, CustomStringConvertible {
    let description = "usage: DrawnFaces sheet|crops|blind|speed …"
  }

  private static func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

  /// Pictures side by side at a third of their size, a subject a row and an emotion a column, under a strip that says
  /// what they are; PNG, or JPEG by the file's name.
  private static func sheet(to path: String, columns: Int, rows: Int, seed: UInt64, nuisance: Nuisance) throws {
    let subjects = SyntheticSubjects(seed: seed, count: rows)
    let (width, height, strip) = (213, 160, 22)
    var pixels = [UInt8](repeating: 255, count: 3 * columns * width * (rows * height + strip))
    for column in 0..<columns {
      let emotion = Emotion.allCases[column % 6]
      let name = try HersheyText().mask(of: "\(emotion) (synthetic)", capHeight: 9, isBold: false).coverage
      for y in 0..<min(name.height, strip) {
        for x in 0..<min(name.width, width) {
          for channel in 0..<3 { pixels[3 * (y * columns * width + column * width + x) + channel] = 255 - name[x, y] }
        }
      }
      for row in 0..<rows {
        let image = SyntheticFaceRenderer().render(
          learner: subjects[row], frame: UInt64(column + 6 * row), scene: .face(emotion), nuisance: nuisance
        ).image
        for y in 0..<height {
          for x in 0..<width {
            for channel in 0..<3 {
              var sum = 0
              for (dy, dx) in (0..<9).map({ ($0 / 3, $0 % 3) }) {
                sum += Int(image.pixels[3 * ((3 * y + dy) * 640 + 3 * x + dx) + channel])
              }
              let target = (strip + row * height + y) * columns * width + column * width + x
              pixels[3 * target + channel] = UInt8(sum / 9)
            }
          }
        }
      }
    }
    let whole = RGBImage(width: columns * width, height: rows * height + strip, pixels: pixels)
    let bytes = try path.hasSuffix(".jpg") ? JPEGEncoder(quality: 82).encode(whole) : PNGEncoder().encode(whole)
    try Data(bytes).write(to: URL(filePath: path))
  }

  /// Every emotion `perClass` times over all subjects in turn, found and cut out as real pictures are.
  private static func crops(in folder: String, perClass: Int, subjects count: Int, seed: UInt64, nuisance: Nuisance)
    throws
  {
    let subjects = SyntheticSubjects(seed: seed, count: count)
    let finder = FaceFinder(detector: try CascadeFaceDetector())
    let renderer = SyntheticFaceRenderer()
    var lines = "label,subject," + (0..<784).map { "p\($0)" }.joined(separator: ",") + "\n"
    for (label, emotion) in Emotion.allCases.enumerated() {
      var (found, usable, onFace) = (0, 0, 0)
      for index in 0..<perClass {
        let subject = index % count
        let picture = renderer.render(
          learner: subjects[subject], frame: UInt64(index * 6 + label), scene: .face(emotion), nuisance: nuisance)
        guard let face = try finder.face(in: picture.image.gray) else { continue }
        found += 1
        if face.quality.isUsable { usable += 1 }
        if let truth = picture.face, isOn(face.box, truth) { onFace += 1 } else { continue }
        let small = face.crops.vgg.resampled(width: 28, height: 28)
        lines += "\(label),\(subject)," + small.pixels.map { "\($0)" }.joined(separator: ",") + "\n"
      }
      let share = { (n: Int) in String(format: "%.1f %%", 100 * Double(n) / Double(perClass)) }
      say("\(emotion): found \(share(found)), on the face \(share(onFace)), usable \(share(usable)) of \(perClass)")
    }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data(lines.utf8).write(to: URL(filePath: folder).appending(path: "crops.csv"))
  }

  private static func isOn(_ box: PixelRect, _ truth: FaceBox) -> Bool {
    let dx = 2 * box.x + box.width - 2 * truth.x - truth.width
    let dy = 2 * box.y + box.height - 2 * truth.y - truth.height
    return abs(dx) <= truth.width && abs(dy) <= truth.height
      && 5 * box.longestSide >= 2 * max(truth.width, truth.height)
  }

  /// Sheets of 20 crops, five a row, in random order; which emotion each shows goes to `key.txt`.
  private static func blind(in folder: String, count: Int, seed: UInt64, nuisance: Nuisance) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var random = SplitMix64(seed: seed, stream: 99)
    let finder = FaceFinder(detector: try CascadeFaceDetector())
    var (key, cells) = ("", [GrayImage]())
    while cells.count < count {
      let emotion = random.pick(Emotion.allCases)
      let picture = SyntheticFaceRenderer().render(
        learner: random.next(), frame: random.next(), scene: .face(emotion), nuisance: nuisance)
      guard let face = try finder.face(in: picture.image.gray), let truth = picture.face, isOn(face.box, truth) else {
        continue
      }
      cells.append(face.crops.vgg)
      key += "\(cells.count) \(emotion)\n"
    }
    try Data(key.utf8).write(to: URL(filePath: folder).appending(path: "key.txt"))
    for start in stride(from: 0, to: count, by: 20) {
      var pixels = [UInt8](repeating: 255, count: 5 * 228 * 4 * 228)
      for (place, image) in cells[start..<min(start + 20, count)].enumerated() {
        for y in 0..<224 {
          for x in 0..<224 { pixels[(place / 5 * 228 + y) * 1140 + place % 5 * 228 + x] = image[x, y] }
        }
      }
      let sheet = GrayImage(width: 1140, height: 912, pixels: pixels)
      try Data(try PNGEncoder().encode(sheet)).write(
        to: URL(filePath: folder).appending(path: "sheet\(start / 20 + 1).png"))
    }
  }

  private static func speed(nuisance: Nuisance) {
    var times: [Double] = []
    for index in 0..<60 {
      var (start, end) = (timespec(), timespec())
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start)
      _ = SyntheticFaceRenderer().render(
        learner: UInt64(index), frame: UInt64(index), scene: .face(Emotion.allCases[index % 6]), nuisance: nuisance)
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end)
      times.append(Double(end.tv_sec - start.tv_sec) * 1000 + Double(end.tv_nsec - start.tv_nsec) / 1e6)
    }
    times.sort()
    say(String(format: "median %.1f ms, 90th percentile %.1f ms, of 60 pictures 640×480", times[30], times[54]))
  }
}
