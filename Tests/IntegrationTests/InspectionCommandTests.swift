import Foundation
import ImageIO
import Neural
import Processes
import Recognition
import Tensors
import Testing
import Vision

/// `lectern classify` and `lectern features` as their user runs them, on pictures and on what only looks like them.
@Suite(.enabled(if: builtExecutable != nil, "LECTERN_TEST_EXECUTABLE names no program"), .serialized)
struct InspectionCommandTests {
  private func run(_ arguments: [String], _ settings: [String: String] = [:]) async throws -> ProcessResult {
    let inherited = ProcessInfo.processInfo.environment.keys.filter { $0.hasPrefix("LECTERN_") }
    var environment: [String: String?] = Dictionary(uniqueKeysWithValues: inherited.map { ($0, nil) })
    for (key, value) in settings { environment[key] = value }
    let command = ChildCommand(try #require(builtExecutable), arguments, environment: environment)
    return try await ProcessLauncher().run(command, outputLimitBytes: 4 << 20, deadline: .seconds(120))
  }

  @Test func rubbishIsALineEach() async throws {
    let fixture = try InspectionFixture()
    let paths = try fixture.rubbish()
    let result = try await run(["classify", "--json", "--explain", "--model", fixture.model] + paths)
    #expect(result.status == .exited(1), "\(result.errorText)")
    let lines = result.outputText.split(separator: "\n")
    try #require(lines.count == paths.count)
    for (line, path) in zip(lines, paths) {
      let answer = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      #expect(answer["file"] as? String == path)
      #expect(answer["trained"] as? Bool == false && answer["notice"] is String)
      let status = try #require(answer["status"] as? String)
      #expect((status == "classified") == (answer["label"] is String), "\(path): \(status)")
      #expect((status == "classified") != (answer["problem"] is String), "\(path): \(status)")
    }
    let table = try await run(["classify", "--model", fixture.model] + paths)
    #expect(table.outputText.split(separator: "\n").count == paths.count + 2)
    // Nothing in a file's name reaches the terminal as more than text.
    for text in [result.outputText, result.errorText, table.outputText, table.errorText] {
      #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || !["\u{1B}", "\u{202E}", "\u{7}"].contains($0) })
    }
  }

  @Test func featuresOfRubbishAreRowsOfNotANumber() async throws {
    let fixture = try InspectionFixture()
    let paths =
      try fixture.rubbish() + [
        fixture.write("ok.png", PNGEncoder().encode(GrayImage(width: 64, height: 64, repeating: 9)))
      ]
    let out = fixture.path("out.safetensors")
    let result = try await run(["features", "--model", fixture.model, "--out", out, "--json"] + paths)
    #expect(result.status == .exited(1), "\(result.errorText)")
    #expect(result.outputText.split(separator: "\n").count == paths.count)
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: out)))
    let (weights, metadata) = try bytes.withUnsafeBytes {
      (try Safetensors.tensors(copying: $0), try Safetensors(parsing: $0).metadata)
    }
    #expect(weights["crop"]?.shape == [paths.count, 1, 224, 224])
    #expect(weights["logits"]?.elements.allSatisfy(\.isNaN) == true)
    #expect(metadata["trained"] == "false" && metadata["pictures"]?.contains("missing") == false)
    #expect(FileManager.default.fileExists(atPath: out + ".partial") == false)
  }

  @Test func overlaysAreDrawnAndNothingIsWrittenOver() async throws {
    let fixture = try InspectionFixture()
    let picture = try fixture.write("a.png", PNGEncoder().encode(GrayImage(width: 320, height: 200, repeating: 120)))
    let out = fixture.path("o.png")
    let drawn = try await run(["classify", "--model", fixture.model, picture, "--overlay", out])
    #expect(drawn.status == .exited(0), "\(drawn.errorText)")
    let image = try PictureDecoder().decodeGray([UInt8](Data(contentsOf: URL(fileURLWithPath: out))))
    #expect(image.width == 1500 && image.height == 836)
    let refused = try await run(["classify", "--model", fixture.model, picture, "--overlay", picture])
    #expect(refused.status == .exited(64))
    let unnamed = try await run(["classify", picture])
    #expect(unnamed.status == .exited(78) && unnamed.errorText.contains("--untrained"))
  }

  /// A head drawn as far as a producer's box needs it: no detector is asked.
  private static let face = ["--face-box", "20,20,160,160"]

  private static func board() throws -> [UInt8] {
    try PNGEncoder().encode(
      GrayImage(
        width: 200, height: 200, pixels: (0..<40_000).map { ($0 % 200 / 8 + $0 / 1600).isMultiple(of: 2) ? 60 : 180 }))
  }

  @Test func aModelOfOtherLabelsAnswersWithThem() async throws {
    let labels = ["asleep", "awake", "staring out of the window"]
    let fixture = try InspectionFixture(LabelSet(name: "attention-3", labels: labels))
    let picture = try fixture.write("a.png", Self.board())
    let arguments = ["classify", "--model", fixture.model, picture] + Self.face
    let told = try await run(arguments + ["--json", "--explain", "--overlay", fixture.path("o.png")])
    #expect(told.status == .exited(0), "\(told.errorText)")
    let line = try #require(try JSONSerialization.jsonObject(with: Data(told.outputText.utf8)) as? [String: Any])
    let probabilities = try #require(line["probabilities"] as? [String: Double])
    #expect(line["status"] as? String == "classified" && Set(probabilities.keys) == Set(labels))
    #expect(abs(probabilities.values.reduce(0, +) - 1) < 1e-9)
    #expect(line["label"] as? String == probabilities.max { $0.value < $1.value }?.key)
    let explanation = try #require(line["explanation"] as? [String: Any])
    #expect((explanation["without"] as? [Any])?.count == 3)
    let table = try await run(arguments)
    for label in labels { #expect(table.outputText.contains(label)) }
    let out = fixture.path("f.safetensors")
    let features = try await run(["features", "--model", fixture.model, "--out", out, picture] + Self.face)
    #expect(features.status == .exited(0), "\(features.errorText)")
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: out)))
    let (weights, metadata) = try bytes.withUnsafeBytes {
      (try Safetensors.tensors(copying: $0), try Safetensors(parsing: $0).metadata)
    }
    #expect(weights["logits"]?.shape == [1, 3] && metadata["labels"] == labels.joined(separator: ","))
    let info = try await run(["model", "info", fixture.model])
    #expect(info.status == .exited(0) && info.outputText.contains("attention-3"), "\(info.errorText)")
  }

  /// The id that is configured is the only model that recognises anything.
  @Test func aPinnedModelIsTheOnlyOne() async throws {
    let fixture = try InspectionFixture()
    let picture = try fixture.write("a.png", PNGEncoder().encode(GrayImage(width: 64, height: 64, repeating: 9)))
    let info = try await run(["model", "info", fixture.model, "--json"])
    let told = try #require(try JSONSerialization.jsonObject(with: Data(info.outputText.utf8)) as? [String: Any])
    let id = try #require((told["bundle"] as? [String: Any])?["id"] as? String)
    let other = String(repeating: "0a", count: 32)
    let worker = [
      "LECTERN_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "LECTERN_POSTGRES_URL": "postgresql://127.0.0.1:1/none",
      "LECTERN_DEPLOYMENT_REGION": "CH", "LECTERN_DEPLOYMENT_PURPOSE": "education",
      "LECTERN_PSEUDONYM_SECRET": String(repeating: "s", count: 32), "LECTERN_MODEL_BUNDLE": fixture.model,
      "LECTERN_MODEL_ID": other,
    ]
    for words in [
      ["worker"], ["rejects", "retry"], ["classify", "x.png"],
      ["features", "-o", fixture.path("f.safetensors"), picture],
    ] {
      let refused = try await run(words, worker)
      #expect(refused.status == .exited(78), "\(words): \(refused.errorText)")
      for part in ["LECTERN_MODEL_ID=\(other)", id] {
        #expect(refused.errorText.contains(part), "\(refused.errorText)")
      }
    }
    // Flipping what the bundle says of itself makes it another one, which the id does not let in.
    let manifest = "\(fixture.model)/model.json"
    let text = try String(contentsOfFile: manifest, encoding: .utf8)
    try text.replacing("\"trained\" : false", with: "\"trained\" : true")
      .write(toFile: manifest, atomically: true, encoding: .utf8)
    let flipped = try await run(
      ["classify", "x.png"], ["LECTERN_MODEL_BUNDLE": fixture.model, "LECTERN_MODEL_ID": id])
    #expect(
      flipped.status == .exited(78) && flipped.errorText.contains("LECTERN_MODEL_ID=\(id)"), "\(flipped.errorText)")
    let short = try await run(["classify", "x.png"], ["LECTERN_MODEL_ID": String(id.prefix(12))])
    #expect(short.status == .exited(78) && short.errorText.contains("64 hexadecimal digits"), "\(short.errorText)")
  }

  /// No server is asked before the model is looked at: these do not exist.
  @Test func aWorkerRefusesAModelOfOtherLabels() async throws {
    let fixture = try InspectionFixture(LabelSet(name: "attention-3", labels: ["asleep", "awake", "elsewhere"]))
    let refused = try await run(
      ["worker"],
      [
        "LECTERN_MODEL_BUNDLE": fixture.model, "LECTERN_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "LECTERN_POSTGRES_URL": "postgresql://127.0.0.1:1/none", "LECTERN_DEPLOYMENT_REGION": "BE",
        "LECTERN_DEPLOYMENT_PURPOSE": "research", "LECTERN_DEPLOYMENT_BASIS": "a test",
        "LECTERN_PSEUDONYM_SECRET": String(repeating: "s", count: 32),
      ])
    #expect(refused.status == .exited(78), "\(refused.errorText)")
    for part in ["LECTERN_MODEL_BUNDLE", "attention-3", "six learning emotions", "classify"] {
      #expect(refused.errorText.contains(part), "\(refused.errorText)")
    }
  }
}
