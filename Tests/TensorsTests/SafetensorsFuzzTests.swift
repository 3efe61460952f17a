import Foundation
import JSON
import StableHashing
import Tensors
import Testing

/// Mutated and random files: each is either read, and then everything found lies inside the file and apart from the
/// rest, or refused with a `SafetensorsError`. Nothing may crash or run away.
@Suite struct SafetensorsFuzzTests {
  /// The same 20,000 files on every run.
  @Test func `files of a fixed seed`() throws {
    var fuzzer = SafetensorsFuzzer(seed: 20_240_117)
    var accepted = 0
    for _ in 0..<20_000 {
      if try fuzzer.step() { accepted += 1 }
    }
    // A fuzzer that nearly always or never gets through the parser tests little of what is behind it.
    #expect((3000...14_000).contains(accepted), "\(accepted) of 20000 files were read")
  }

  /// Other files on every run, for `LECTERN_FUZZ_SECONDS` (2 unless set). `LECTERN_FUZZ_SEED` repeats a run.
  @Test func `files of a new seed, for a bounded time`() throws {
    let environment = ProcessInfo.processInfo.environment
    let seconds = environment["LECTERN_FUZZ_SECONDS"].flatMap(Double.init) ?? 2
    let seed = environment["LECTERN_FUZZ_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 0...UInt64.max)
    // Ahead of everything, because a crash prints nothing; an issue names it too.
    FileHandle.standardError.write(Data("fuzzing safetensors with LECTERN_FUZZ_SEED=\(seed)\n".utf8))
    var fuzzer = SafetensorsFuzzer(seed: seed)
    let end = ContinuousClock.now.advanced(by: .seconds(seconds))
    repeat {
      do {
        for _ in 0..<100 { _ = try fuzzer.step() }
      } catch {
        Issue.record("LECTERN_FUZZ_SEED=\(seed): \(error)")
        return
      }
    } while ContinuousClock.now < end
  }
}

/// Makes files that are nearly right, and judges what the reader makes of them.
struct SafetensorsFuzzer {
  private var random: SplitMix64

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  struct Broken: Error, CustomStringConvertible {
    let description: String
  }

  /// Makes one file and reads it; returns whether it was accepted, throws what must not be.
  mutating func step() throws -> Bool {
    var isUntouched = false
    let file: [UInt8]
    if chance(0.05) {
      file = (0..<Int.random(in: 0...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    } else {
      var rows = wellFormed()
      isUntouched = chance(0.15)
      if !isUntouched, chance(0.7) { for _ in 0..<Int.random(in: 1...2, using: &random) { alter(&rows) } }
      var bytes = encoded(rows)
      if !isUntouched, chance(0.4) { for _ in 0..<Int.random(in: 1...4, using: &random) { flip(&bytes) } }
      file = bytes
    }
    do throws(SafetensorsError) {
      try judge(file)
      return true
    } catch {
      _ = error.description
      if isUntouched { throw Broken(description: "a good file was refused: \(error), \(file)") }
      return false
    }
  }

  private func judge(_ file: [UInt8]) throws(SafetensorsError) {
    let result: Result<String?, SafetensorsError> = file.withUnsafeBytes { bytes in
      do throws(SafetensorsError) {
        return .success(try Self.judge(bytes))
      } catch {
        return .failure(error)
      }
    }
    if let problem = try result.get() { Issue.record("\(problem) in \(file)") }
  }

  /// Returns what is wrong with an accepted file's index.
  private static func judge(_ bytes: UnsafeRawBufferPointer) throws(SafetensorsError) -> String? {
    let index = try Safetensors(parsing: bytes)
    let start = try Safetensors.dataStart(prefix: bytes, fileByteCount: bytes.count)
    var end = start
    for entry in index.entries {
      guard entry.bytes.lowerBound == end, entry.bytes.upperBound <= bytes.count else { return "a range outside" }
      guard entry.bytes.count == entry.shape.count * entry.type.width else { return "a range of another size" }
      end = entry.bytes.upperBound
      guard entry.type.isFloatingPoint else { continue }
      do throws(SafetensorsError) {
        let tensor = try Safetensors.tensor(entry, from: UnsafeRawBufferPointer(rebasing: bytes[entry.bytes]))
        guard tensor.shape == entry.shape else { return "a tensor of another shape" }
      } catch {
        guard case .notRepresentable = error else { throw error }
      }
    }
    guard end == bytes.count, Set(index.entries.map(\.name)).count == index.entries.count else { return "a hole" }
    return nil
  }

  // MARK: Files as their parts

  /// One member of the header, its values as the text they will be.
  private struct Row {
    var key: String
    var type: String
    var shape: [String]
    var offsets: [String]
    var data: [UInt8]
    /// Replaces the whole value where set.
    var raw: String?
  }

  private mutating func wellFormed() -> [Row] {
    var offset = 0
    var rows: [Row] = []
    for index in 0..<Int.random(in: 0...5, using: &random) {
      let type = Safetensors.ElementType.allCases.randomElement(using: &random)!
      let shape = (0..<Int.random(in: 0...4, using: &random)).map { _ in Int.random(in: 0...3, using: &random) }
      let size = shape.reduce(1, *) * type.width
      let name = ["conv1.weight", "a", "é\u{1F600}", "q\\\"\n", "\u{1}"].randomElement(using: &random)! + "\(index)"
      rows.append(
        Row(
          key: JSONText.quoted(name), type: "\"\(type.rawValue)\"", shape: shape.map(String.init),
          offsets: ["\(offset)", "\(offset + size)"],
          data: (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }))
      offset += size
    }
    if chance(0.3) {
      rows.append(
        Row(key: "\"__metadata__\"", type: "", shape: [], offsets: [], data: [], raw: #"{"format":"pt","n":"\u00e9"}"#))
    }
    return rows
  }

  private static let numbers = [
    "0", "1", "2", "4", "-1", "00", "1.0", "1e3", "4294967296", "4611686018427387904", "9223372036854775807",
    "9223372036854775808", "18446744073709551615", "18446744073709551616", "\"1\"", "null", "[]", "{}", "", "true",
  ]
  private static let texts = [
    "\"F32\"", "\"F64\"", "\"BF16\"", "\"I64\"", "\"U8\"", "\"F8_E5M2\"", "\"\"", "32", "null", "\"\\ud83d\"",
    "\"\\ud83d\\ude00\"", "\"__metadata__\"", "\"dtype\"", "\"", "\"\\u12\"", "[\"a\"]",
  ]

  private mutating func alter(_ rows: inout [Row]) {
    guard let index = rows.indices.randomElement(using: &random) else { return }
    let number = Self.numbers.randomElement(using: &random)!
    let text = Self.texts.randomElement(using: &random)!
    switch Int.random(in: 0..<11, using: &random) {
    case 0: rows[index].key = text
    case 1: rows[index].type = text
    case 2:
      if let axis = rows[index].shape.indices.randomElement(using: &random) { rows[index].shape[axis] = number }
    case 3: rows[index].shape.append(number)
    case 4:
      if let end = rows[index].offsets.indices.randomElement(using: &random) { rows[index].offsets[end] = number }
    case 5:
      let step = Int.random(in: -8...8, using: &random)
      rows[index].offsets = rows[index].offsets.map { Int($0).map { "\($0 &+ step)" } ?? $0 }
    case 6: rows.append(rows[index])
    case 7: rows.swapAt(index, rows.indices.randomElement(using: &random)!)
    case 8: rows[index].data.removeLast(min(rows[index].data.count, Int.random(in: 1...4, using: &random)))
    case 9: rows[index].raw = [number, text, "{\(text):\(number)}"].randomElement(using: &random)!
    default: rows.remove(at: index)
    }
  }

  /// The bytes, members and their keys in any order, with or without blanks.
  private mutating func encoded(_ rows: [Row]) -> [UInt8] {
    let blank = chance(0.2) ? " \n\t" : ""
    var header: [String] = []
    for row in rows.shuffled(using: &random) {
      let parts = [
        "\"dtype\":\(blank)\(row.type)", "\"shape\":[\(row.shape.joined(separator: ",\(blank)"))]",
        "\"data_offsets\":[\(row.offsets.joined(separator: ","))\(blank)]",
      ].shuffled(using: &random)
      header.append("\(row.key)\(blank):" + (row.raw ?? "{\(blank)\(parts.joined(separator: ","))}"))
    }
    let text = Array("{\(header.joined(separator: ","))}\(chance(0.5) ? "     " : "")".utf8)
    return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text + rows.flatMap(\.data)
  }

  private mutating func flip(_ file: inout [UInt8]) {
    guard !file.isEmpty else { return }
    let position = Int.random(in: 0..<file.count, using: &random)
    switch Int.random(in: 0..<6, using: &random) {
    case 0: file[position] = UInt8.random(in: 0...255, using: &random)
    case 1: file[position] = Array("{}[],:\"\\0123456789 ".utf8).randomElement(using: &random)!
    case 2: file.remove(at: position)
    case 3: file.insert(file[Int.random(in: 0..<file.count, using: &random)], at: position)
    case 4: file.removeLast(Int.random(in: 0..<max(1, file.count / 2), using: &random))
    default:
      file[Int.random(in: 0..<min(8, file.count), using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    }
  }

  private mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &random) < share }
}
