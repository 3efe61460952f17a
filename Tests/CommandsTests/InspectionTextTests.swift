import Foundation
import Neural
import Recognition
import Testing

/// `lectern classify` and `features` in memory, on files that are no pictures.
@Suite struct InspectionTextTests {
  /// A seeded model of quarter width.
  private func saveModel(to folder: String) throws {
    let unit = FeatureBounds(minimum: 0, maximum: 1)
    let manifest = ModelManifest(
      name: "seeded", trained: false, width: .quarter, bounds: FamilyBounds(cnn: unit, hog: unit, sift: unit),
      planes: [.identity, .identity, .identity])
    let networks = (try #require(manifest.makeFeatureNetwork()), try #require(manifest.makeNetwork()))
    _ = try ModelBundle(
      manifest: manifest, featureWeights: .seeded(for: networks.0, seed: 1),
      networkWeights: .seeded(for: networks.1, seed: 1)
    ).save(to: folder)
  }

  @Test func aBrokenFileIsALineAndEndsWithOne() async throws {
    try await withFolder { folder in
      try saveModel(to: "\(folder)/model")
      let broken = "\(folder)/broken.jpg"
      try Data([0xFF, 0xD8, 0xFF, 0xE0]).write(to: URL(fileURLWithPath: broken))
      let table = await CommandLineRun("classify", "--model", "\(folder)/model", broken, "\(folder)/none.png")
      #expect(table.code == 1 && table.errors == "2 of 2 could not be read as pictures\n")
      let lines = table.output.split(separator: "\n")
      try #require(lines.count == 4)
      #expect(lines[0] == "NOTE: the network is untrained: this says nothing about anyone")
      #expect(
        lines[1]
          == "label        focused  distracted  curious  confused  tired  happy  quality  face                 seen  from     model      file"
      )
      #expect(
        lines[2].hasPrefix(
          "bad_image          -           -        -         -      -      -        -  -                       -  -        -          \(broken): JPEG without a frame header"
        ))
      #expect(lines[3].hasPrefix("unreadable ") && lines[3].contains("\(folder)/none.png: "))
      let json = await CommandLineRun("classify", "--json", "--model", "\(folder)/model", broken)
      #expect(json.code == 1)
      #expect(json.output.hasPrefix("{\"file\":\"\(broken)\",\"model\":\""))
      #expect(json.output.contains(#""notice":"the network is untrained: this says nothing about anyone""#))
      #expect(json.output.contains(#""status":"bad_image","trained":false}"#))
    }
  }

  @Test func whatCannotBeLookedAtIsSaid() async throws {
    try await withFolder { folder in
      let missing = "\(folder)/no\u{1B}[2J.png"
      let run = await CommandLineRun("features", "--out", "\(folder)/x.safetensors", "--model", folder, missing)
      #expect(run.code == 64 && run.output.isEmpty)
      #expect(run.errors.hasPrefix("\(folder)/no\\u{1b}[2J.png: "))
      #expect(
        run.errors.hasSuffix("error: there is no picture to look at\nsee 'lectern features --help'\n"))
      let noModel = await CommandLineRun("classify", "--model", folder, missing)
      #expect(noModel.code == 78 && noModel.errors.contains("LECTERN_MODEL_BUNDLE"))
      let both = await CommandLineRun("classify", "--model", folder, "--untrained", missing)
      #expect(both.code == 64 && both.errors.hasPrefix("error: --model and --untrained exclude each other\n"))
    }
  }
}
