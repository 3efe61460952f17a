import Foundation
import OneDNN

/// What a time depends on besides the program.
struct MachineDescription: Encodable {
  let processor: String
  let cores: Int
  /// Of AVX2, AVX-512 and AMX, what the processor has.
  let instructions: [String]
  let oneDNN: String
  /// The widest instructions oneDNN uses here.
  let oneDNNInstructions: String
  /// Of the last minute, before the measurement: above 0, others were at work.
  let loadAverage: Double

  static var current: MachineDescription {
    let lines = ((try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? "").split(separator: "\n")
    func field(_ name: String) -> String? {
      lines.first { $0.hasPrefix(name) }?.split(separator: ":", maxSplits: 1).last.map {
        $0.trimmingCharacters(in: .whitespaces)
      }
    }
    let flags = Set((field("flags") ?? "").split(separator: " ").map(String.init))
    let known = ["avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16"]
    var load = [0.0]
    return MachineDescription(
      processor: field("model name") ?? "unknown", cores: ProcessInfo.processInfo.activeProcessorCount,
      instructions: known.filter(flags.contains), oneDNN: OneDNNLibrary.version,
      oneDNNInstructions: OneDNNLibrary.instructions, loadAverage: getloadavg(&load, 1) == 1 ? load[0] : -1)
  }

  var line: String {
    let features = instructions.isEmpty ? "no AVX2" : instructions.joined(separator: " ")
    let wide = instructions.contains("avx512f") ? "" : ", no AVX-512"
    return "\(processor), \(cores) cores, \(features)\(wide); oneDNN \(oneDNN) (\(oneDNNInstructions)); load average "
      + String(format: "%.1f", loadAverage)
  }
}
