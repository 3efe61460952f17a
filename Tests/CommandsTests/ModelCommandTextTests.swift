import Foundation
import Testing

/// `lectern model`, in memory: what needs no network to run.
@Suite struct ModelCommandTextTests {
  private struct Info: Decodable {
    struct Network: Decodable {
      struct Layer: Decodable { let name: String }
      let name: String
      let parameters, multiply_adds: Int
      let layers: [Layer]
    }
    struct Paper: Decodable {
      let published: [String: Double]
      let counted: [String: [String: Int]]
    }
    let networks: [Network]
    let paper_table_7: Paper?
  }

  @Test func `info counts each network beside the paper's table`() async throws {
    // Torchvision's numel() and the counters of Tests/NeuralTests/Goldens/make_counts.py.
    for (name, parameters) in [
      ("resnet18", 11_179_590), ("resnet18-se", 11_268_670), ("drsn18", 12_579_910), ("vgg16", 14_714_688),
    ] {
      let result = await CommandLineRun("model", "info", "--network", name, "--json")
      #expect(result.code == 0 && result.errors.isEmpty)
      let info = try JSONDecoder().decode(Info.self, from: Data(result.output.utf8))
      #expect(info.networks.map(\.name) == [name] && info.networks[0].parameters == parameters)
      #expect((info.paper_table_7 == nil) == (name == "vgg16"))
      if let paper = info.paper_table_7 {
        #expect(paper.published == ["resnet18": 1.83e9, "resnet18-se": 1.85e9, "drsn18": 1.87e9])
        #expect(paper.counted["multiply_adds"]?[name] == info.networks[0].multiply_adds)
      }
    }
  }

  @Test(arguments: [
    [], ["--layers"], ["--network", "vgg16", "--layers"], ["--layout", "grid", "--layers"], ["--width", "0.25"],
  ])
  func `tables fit a hundred columns`(arguments: [String]) async throws {
    let result = await CommandLineRun(["model", "info"] + arguments)
    #expect(result.code == 0)
    let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count > 10 && lines.allSatisfy { $0.count <= 100 })
    #expect(result.output.contains("Table 7"))
  }

  @Test func `the tables are the expected ones`() async throws {
    try expect(await CommandLineRun("model", "info").output, equals: "model-info.txt")
    try expect(
      await CommandLineRun("model", "info", "--network", "vgg16", "--layers").output,
      equals: "model-info-vgg16-layers.txt")
  }

  @Test func `wrong command lines and files end with what to do`() async throws {
    try await withFolder { folder in
      let none = await CommandLineRun(["model", "import", "--out", "\(folder)/m"])
      #expect(none.code == 64 && none.errors.contains("needs --vgg16 FILE and --resnet18 FILE"))
      let pickle = "\(folder)/resnet18.pth"
      try Data("PK\u{3}\u{4}some zip".utf8).write(to: URL(fileURLWithPath: pickle))
      let zip = await CommandLineRun([
        "model", "import", "--layout", "image", "--resnet18", pickle, "--out", "\(folder)/m",
      ])
      #expect(zip.code == 1 && zip.errors.contains("safetensors.torch"))
      try Data().write(to: URL(fileURLWithPath: "\(folder)/there"))
      let full = await CommandLineRun(["model", "import", "--layout", "image", "--resnet18", pickle, "--out", folder])
      #expect(full.code == 64 && full.errors.contains("not empty"))
      let both = await CommandLineRun(["model", "info", folder, "--network", "vgg16"])
      #expect(both.code == 64)
      let noBundle = await CommandLineRun(["model", "info", folder])
      #expect(noBundle.code == 1 && noBundle.errors.contains("model.json"))
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(names.sorted() == ["resnet18.pth", "there"])
    }
  }
}
