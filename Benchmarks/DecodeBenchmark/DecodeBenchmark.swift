import Foundation
import ImageIO
import IsolatedDecoding
import Telemetry
import Vision

/// What decoding in a process of its own costs a frame, beside decoding in process:
///
///     DecodeBenchmark LECTERN [ROUNDS]
///
/// Both take the same files in turn, so that a busy machine slows both. Prints medians and 95th percentiles in
/// milliseconds of wall time, the mean processor time of both processes together, and the time until a first frame is
/// decoded, process and all.
@main
struct DecodeBenchmark {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count > 1 else {
      print("DecodeBenchmark LECTERN [ROUNDS]")
      exit(64)
    }
    let rounds = arguments.count > 2 ? Int(arguments[2]) ?? 200 : 200
    let plain = PictureDecoder()
    let isolated = IsolatedDecoder(
      IsolationSettings(executable: arguments[1]), prober: plain, registry: MetricsRegistry(), logger: .silent)
    var starts: [Double] = []
    for _ in 0..<20 {
      let fresh = IsolatedDecoder(
        IsolationSettings(executable: arguments[1]), prober: plain, registry: MetricsRegistry(), logger: .silent)
      starts.append(try time(picture(64, 64), fresh))
    }
    print("first frame, process started for it: \(summary(starts))")
    for (width, height) in [(640, 480), (1280, 720), (4000, 3000)] {
      let file = try picture(width, height)
      let count = width > 2000 ? max(rounds / 8, 10) : rounds
      for _ in 0..<5 { _ = (try time(file, plain), try time(file, isolated)) }
      var (direct, apart): ([Double], [Double]) = ([], [])
      var (directWork, apartWork) = (0.0, 0.0)
      for _ in 0..<count {
        let start = processorTime()
        direct.append(try time(file, plain))
        let between = processorTime()
        apart.append(try time(file, isolated))
        directWork += between - start
        apartWork += processorTime() - between
      }
      let difference = zip(apart, direct).map { $0 - $1 }.sorted()[count / 2]
      print(
        "\(width)x\(height), \(file.count) bytes, \(count) rounds: in process \(summary(direct)); isolated",
        "\(summary(apart)); median difference \(milliseconds(difference)); processor time",
        "\(milliseconds(directWork / Double(count))) and \(milliseconds(apartWork / Double(count)))")
    }
  }

  /// A coloured scene with as much detail as a webcam's, by its number of bytes.
  private static func picture(_ width: Int, _ height: Int) throws -> [UInt8] {
    var state: UInt32 = 1
    var pixels = [UInt8](repeating: 0, count: 3 * width * height)
    for index in pixels.indices {
      state = state &* 1_664_525 &+ 1_013_904_223
      let (x, y) = (index / 3 % width, index / 3 / width)
      pixels[index] = UInt8(truncatingIfNeeded: (x * 160 / width + y * 60 / height) + Int(state >> 28) + index % 3 * 8)
    }
    return try JPEGEncoder(quality: 85).encode(RGBImage(width: width, height: height, pixels: pixels))
  }

  private static func time(_ file: [UInt8], _ decoder: some ImageDecoding) throws -> Double {
    let start = ContinuousClock.now
    let picture = try decoder.decodeGray(file)
    precondition(picture.width > 0, "decoded")
    return (ContinuousClock.now - start) / .milliseconds(1)
  }

  /// Of this process and its decoders, which are idle whenever this is asked, in milliseconds.
  private static func processorTime() -> Double {
    var own = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own)
    let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
    let children = tasks.flatMap { words("/proc/self/task/\($0)/children") }
    let nanoseconds = children.reduce(0) { $0 + (words("/proc/\($1)/schedstat").first.flatMap { Double($0) } ?? 0) }
    return Double(own.tv_sec) * 1e3 + (Double(own.tv_nsec) + nanoseconds) / 1e6
  }

  private static func words(_ path: String) -> [Substring] {
    ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(whereSeparator: \.isWhitespace)
  }

  private static func summary(_ times: [Double]) -> String {
    let sorted = times.sorted()
    return "\(milliseconds(sorted[sorted.count / 2])) (95 % \(milliseconds(sorted[sorted.count * 95 / 100])))"
  }

  private static func milliseconds(_ value: Double) -> String { String(format: "%.2f", value) }
}
