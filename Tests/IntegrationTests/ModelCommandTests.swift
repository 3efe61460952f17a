import Cryptography
import Foundation
import LearningEvents
import Processes
import Recognition
import Testing

extension Program {
  /// `lectern model`, run as its user runs it.
  @Suite(.enabled(if: builtExecutable != nil, "LECTERN_TEST_EXECUTABLE names no program"))
  struct ModelCommands {
    private func run(_ arguments: [String]) async throws -> (code: Int32, output: String, errors: String) {
      let command = ChildCommand(try #require(builtExecutable), ["model"] + arguments)
      let result = try await ProcessLauncher().run(command, outputLimitBytes: 1 << 20, deadline: .seconds(120))
      guard case .exited(let code) = result.status else { throw ExitCodeMissing(status: "\(result.status)") }
      return (code, result.outputText, result.errorText)
    }

    private struct ExitCodeMissing: Error { let status: String }

    private struct Info: Decodable {
      struct Bundle: Decodable {
        struct Manifest: Decodable {
          struct Provenance: Decodable {
            struct Source: Decodable { let file_sha256: String }
            let sources: [Source]
          }
          let trained: Bool
          let provenance: Provenance?
        }
        let id: String
        let manifest: Manifest
      }
      let bundle: Bundle?
    }

    @Test(.timeLimit(.minutes(3)))
    func `a trunk is imported into a bundle that info then describes`() async throws {
      try await withFolder { folder in
        let file = try Self.resnet18()
        let path = "\(folder)/resnet18.safetensors"
        try Data(file).write(to: URL(fileURLWithPath: path))
        let made = try await run(["import", "--layout", "image", "--resnet18", path, "--out", "\(folder)/model"])
        #expect(made.code == 0, "\(made.errors)")
        for text in [
          "took 100 tensors", "left out, ImageNet classifier: fc.weight [1000, 512], fc.bias [1000]",
          "20 num_batches_tracked", "layer1.0.shrink: fc1.weight [64, 64]", "8 new batch norms", "not trained",
        ] { #expect(made.output.contains(text), "\(text) in \(made.output)") }
        let told = try await run(["info", "\(folder)/model", "--json"])
        let info = try JSONDecoder().decode(Info.self, from: Data(told.output.utf8))
        #expect(info.bundle?.manifest.trained == false)
        #expect(info.bundle?.manifest.provenance?.sources.map(\.file_sha256) == [Hex.encode(SHA256.hash(file))])
        #expect(try info.bundle?.id == StoredBundle.load(from: "\(folder)/model").id.text)
        let text = try await run(["info", "\(folder)/model"])
        #expect(text.output.contains("trained      no") && text.output.contains("torchvision or timm names"))
      }
    }

    /// torchvision's resnet18 in BF16, every weight ±2⁻⁶ with signs by chance, so that numbers neither grow nor vanish
    /// from layer to layer, and every statistic 1, with its counters.
    private static func resnet18() throws -> [UInt8] {
      let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      let keys = try JSONSerialization.jsonObject(
        with: Data(contentsOf: tests.appending(path: "Goldens/import/keys.json")))
      let rows = ((keys as? [String: Any])?["models"] as? [String: Any])?["torchvision resnet18"] as? [[Any]] ?? []
      var members: [String] = []
      var data: [UInt8] = []
      var state: UInt64 = 1
      for row in rows {
        guard let name = row[0] as? String, let shape = row[1] as? [Int], let type = row[2] as? String else { continue }
        let begin = data.count
        if type == "I64" {
          data += [UInt8](repeating: 0, count: 8)
        } else {
          var bytes = [UInt8](repeating: 0x80, count: 2 * shape.reduce(1, *))
          for index in stride(from: 1, to: bytes.count, by: 2) {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            bytes[index] = shape.count > 1 ? 0x3C | UInt8(state >> 63) << 7 : 0x3F
          }
          data += bytes
        }
        members.append(
          "\"\(name)\":{\"dtype\":\"\(type == "I64" ? type : "BF16")\",\"shape\":\(shape),"
            + "\"data_offsets\":[\(begin),\(data.count)]}")
      }
      let header = Array("{\(members.joined(separator: ","))}".utf8)
      return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header + data
    }

    private func withFolder(_ body: (String) async throws -> Void) async throws {
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lectern-\(UUID().uuidString)").path
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      try await body(folder)
    }
  }
}
