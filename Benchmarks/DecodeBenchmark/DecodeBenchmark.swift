import Foundation
import ImageIO
import IsolatedDecoding
import Synchronization
import Telemetry
import Vision

/// What decoding in a process of its own costs a frame, beside decoding in process:
///
///     DecodeBenchmark LECTERN [ROUNDS]
///
/// Both take the same files in turn, so that a busy machine slows both. Prints medians with the 5th and 95th
/// percentiles in milliseconds of wall time, the mean processor time of both processes together, the time until a first
/// frame is decoded, process and all, and how many frames a second one and two threads decode.
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
    func fresh() -> IsolatedDecoder {
      IsolatedDecoder(
        IsolationSettings(executable: arguments[1]), prober: plain, registry: MetricsRegistry(), logger: .silent)
    }
    let isolated = fresh()
    let starts = try (0..<20).map { _ in try time(picture(64, 64), fresh()) }
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
      print(
        "\(width)x\(height), \(file.count) bytes, \(count) rounds: in process \(summary(direct)); isolated",
        "\(summary(apart)); difference \(summary(zip(apart, direct).map { $0 - $1 })); processor time",
        "\(milliseconds(directWork / Double(count))) and \(milliseconds(apartWork / Double(count)))")
    }
    let file = try picture(640, 480)
    for threads in [1, 2] {
      // In turn, for the same reason.
      let rates = (0..<9).map { _ in (rate(file, plain, threads), rate(file, isolated, threads)) }
      print(
        "640x480 on \(threads) threads, frames a second: in process \(summary(rates.map(\.0), digits: 0)); isolated",
        summary(rates.map(\.1), digits: 0))
    }
  }

  /// Frames a second that so many threads decode together.
  private static func rate(_ file: [UInt8], _ decoder: some ImageDecoding, _ threads: Int) -> Double {
    let frames = 100
    let start = ContinuousClock.now
    let failures = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      for _ in 0..<frames where (try? decoder.decodeGray(file)) == nil { failures.add(1, ordering: .relaxed) }
    }
    precondition(failures.load(ordering: .relaxed) == 0, "decoded")
    return Double(frames * threads) / ((ContinuousClock.now - start) / .seconds(1))
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

  /// Median, and in brackets what nine of ten lie between.
  private static func summary(_ values: [Double], digits: Int = 2) -> String {
    let sorted = values.sorted()
    func text(_ share: Double) -> String {
      String(format: "%.\(digits)f", sorted[Int(Double(sorted.count - 1) * share + 0.5)])
    }
    return "\(text(0.5)) (\(text(0.05))–\(text(0.95)))"
  }

  private static func milliseconds(_ value: Double) -> String { String(format: "%.2f", value) }
}
