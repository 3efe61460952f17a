import Foundation
import Testing

/// The units of `ops/systemd` and the sample files beside them.
@Suite struct UnitFileTests {
  static let folder = repository.appending(path: "ops/systemd")
  static let names = ["worker", "aggregate", "serve"]

  private func text(_ name: String) throws -> String {
    try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
  }

  /// The values of a key in a unit.
  private func values(of key: String, in unit: String) -> [String] {
    unit.split(separator: "\n").filter { $0.hasPrefix("\(key)=") }.map { String($0.dropFirst(key.count + 1)) }
  }

  /// Each sample is a file that the program reads without a word, its commented keys included.
  @Test(arguments: names) func everyKeyOfASampleIsOneOfTheProgram(name: String) async throws {
    let sample = try text("\(name).env")
    #expect(sample.contains("/etc/lectern/\(name).env"))
    try await withFolder { folder in
      let whole = sample.replacing(#/(?m)^#(LECTERN_)/#) { "\($0.output.1)" }
      #expect(whole != sample)
      for (place, content) in [("\(folder)/as-it-is.env", sample), ("\(folder)/whole.env", whole)] {
        try Data(content.utf8).write(to: URL(filePath: place))
        let run = await CommandLineRun("config", "--config", place, "--json")
        #expect(run.code == 0 && run.errors.isEmpty, "\(run.errors)")
      }
      let unknown = "\(folder)/unknown.env"
      try Data((sample + "LECTERN_METRICS_PROT=1\n").utf8).write(to: URL(filePath: unknown))
      #expect(await CommandLineRun("config", "--config", unknown).errors.contains("LECTERN_METRICS_PROT"))
    }
  }

  /// What a sample shows as a comment is the default where there is one: who takes the # away changes nothing.
  @Test(arguments: names) func whatASampleShowsIsTheDefault(name: String) async throws {
    struct Key: Decodable { let key: String, `default`: String? }
    let run = await CommandLineRun("config", "--json")
    let keys = try JSONDecoder().decode([Key].self, from: Data(run.output.utf8))
    let sample = try text("\(name).env")
    let head = sample.replacing("\n# ", with: " ")
    for line in sample.matches(of: #/(?m)^#(LECTERN_[A-Z_]+)=(.*)$/#) {
      let key = try #require(keys.first { $0.key == line.output.1 })
      let isExample = ["LECTERN_DEPLOYMENT_BASIS", "LECTERN_RECOGNITION_STREAMS"].contains(key.key)
      #expect(!isExample || head.contains("show its default, or an example where it has none."))
      #expect(isExample ? key.default == nil : key.default == String(line.output.2), "\(line.output.0)")
    }
  }

  /// Where the learners are and what for, nobody but the operator says.
  @Test(arguments: ["worker", "serve"]) func aSampleAsItIsIsRefused(name: String) async throws {
    let sample = try text("\(name).env")
    try #require(sample.contains("\nLECTERN_DEPLOYMENT_REGION=\nLECTERN_DEPLOYMENT_PURPOSE=\n"))
    let variables = [
      "LECTERN_ALLOW_UNVERIFIED_SERVERS": "kafka", "LECTERN_POSTGRES_URL": "postgresql://127.0.0.1:1/x",
      "LECTERN_PSEUDONYM_SECRET": String(repeating: "s", count: 32), "LECTERN_MODEL_BUNDLE": "/nonexistent",
    ]
    try await withFolder { folder in
      let place = "\(folder)/\(name).env"
      try Data(sample.utf8).write(to: URL(filePath: place))
      let refused = await CommandLineRun([name, "--config", place], variables: variables)
      #expect(refused.code == 78 && refused.output.isEmpty)
      for key in ["LECTERN_DEPLOYMENT_REGION", "LECTERN_DEPLOYMENT_PURPOSE"] {
        #expect(refused.errors.contains(key), "\(refused.errors)")
      }
      guard name == "worker" else { return }
      let filled = sample.replacing("REGION=\n", with: "REGION=CH\n").replacing(
        "PURPOSE=\n", with: "PURPOSE=education\n")
      try Data(filled.utf8).write(to: URL(filePath: place))
      let run = await CommandLineRun([name, "--config", place], variables: variables)
      #expect(!run.errors.contains("LECTERN_DEPLOYMENT"), "\(run.errors)")
      #expect(run.errors.contains("/nonexistent"), "\(run.errors)")
    }
  }

  /// What a person mends goes on by itself afterwards, however long that takes; what no start mends stays ended.
  @Test(arguments: names) func aUnitStartsAgainWithoutLimitUnlessItIsRefused(name: String) throws {
    let unit = try text("lectern-\(name).service")
    let start = try #require(unit.firstRange(of: "[Service]")).lowerBound
    #expect(values(of: "StartLimitIntervalSec", in: String(unit[..<start])) == ["0"])
    let service = String(unit[start...])
    #expect(values(of: "Restart", in: service) == ["on-failure"])
    #expect(values(of: "RestartPreventExitStatus", in: service) == ["64 78"])
  }

  /// The file alone says where monitors ask, so that one which has LECTERN_METRICS_PORT is as good as the sample.
  @Test(arguments: names) func aUnitLeavesTheListenerToItsFile(name: String) async throws {
    var variables: [String: String] = [:]
    for value in values(of: "Environment", in: try text("lectern-\(name).service")) {
      let words = value.split(separator: "=", maxSplits: 1)
      // Credentials are there in a running unit alone.
      if !words[0].hasSuffix("_FILE") { variables[String(words[0])] = String(words[1]) }
    }
    #expect(try text("\(name).env").contains(#/\nLECTERN_METRICS_LISTEN=127\.0\.0\.1:910\d\n/#))
    for key in ["LECTERN_METRICS_PORT=9101", "LECTERN_METRICS_LISTEN=0.0.0.0:9101"] {
      let words = key.split(separator: "=").map(String.init)
      let run = await CommandLineRun("config", variables: variables.merging([words[0]: words[1]]) { $1 })
      #expect(run.code == 0 && run.output.contains(words[1]), "\(run.errors)")
    }
  }

  /// No sample holds a secret, which the unit hands over as a credential.
  @Test(arguments: names) func noSampleHoldsASecret(name: String) throws {
    for secret in ["LECTERN_POSTGRES_URL=", "LECTERN_PSEUDONYM_SECRET=", "LECTERN_KAFKA_PROPERTIES="] {
      #expect(try !text("\(name).env").contains(secret))
    }
    #expect(
      try text("lectern-\(name).service").contains("LoadCredential=postgres-url:/etc/lectern/\(name).postgres-url"))
  }

  /// A unit reads the file of its sample. Where every key has a default it starts without.
  @Test(arguments: names) func aUnitReadsTheFileOfItsSample(name: String) async throws {
    let file = try #require(values(of: "EnvironmentFile", in: try text("lectern-\(name).service")).first)
    let isOptional = file.hasPrefix("-")
    #expect(file.drop { $0 == "-" } == "/etc/lectern/\(name).env")
    // What the command says that lacks everything but what the unit sets by itself.
    let alone = await CommandLineRun(
      [name] + (name == "aggregate" ? ["--once"] : []),
      variables: [
        "LECTERN_POSTGRES_URL": "postgresql://127.0.0.1:1/x",
        "LECTERN_PSEUDONYM_SECRET": String(repeating: "s", count: 32),
      ])
    #expect((alone.code == 78) == !isOptional, "\(alone.errors)")
  }

  /// What a unit points to is put there by the steps of the operators' page, and nothing else is.
  @Test(arguments: names) func documentationIsWhereTheStepsPutIt(name: String) throws {
    let page = try String(contentsOf: repository.appending(path: "docs/operations.md"), encoding: .utf8)
    for place in values(of: "Documentation", in: try text("lectern-\(name).service")) {
      let path = try #require(place.wholeMatch(of: #/file:(.+)/#), "\(place)").output.1
      #expect(page.contains(try Regex("install [^\\n]* \(path)\\n")), "no step installs \(path)")
    }
  }

  /// Files that are there are the operator's, who edited them: the steps put the samples beside no other.
  @Test func theStepsLeaveFilesThatAreThere() throws {
    let page = try String(contentsOf: repository.appending(path: "docs/operations.md"), encoding: .utf8)
    let step = try #require(page.firstMatch(of: #/(?m)^    (for name in [^\n]*(?:\n      [^\n]*)*; done)$/#)).output.1
    let folder = FileManager.default.temporaryDirectory.appending(path: "lectern-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let mine = folder.appending(path: "worker.env")
    try Data("LECTERN_DEPLOYMENT_REGION=BR\n".utf8).write(to: mine)
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/sh")
    let here = String(step).replacing("/etc/lectern", with: folder.path).replacing("--group=lectern ", with: "")
    shell.arguments = ["-ec", here]
    shell.currentDirectoryURL = repository
    try shell.run()
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 0)
    #expect(try String(contentsOf: mine, encoding: .utf8) == "LECTERN_DEPLOYMENT_REGION=BR\n")
    for name in ["aggregate", "serve"] {
      let installed = try String(contentsOf: folder.appending(path: "\(name).env"), encoding: .utf8)
      #expect(installed == (try text("\(name).env")))
    }
    #expect(!page.contains("ops/systemd/*.env"))
  }

  /// The folder that the worker's sample names is filled by a step, and Kafka's properties have a place.
  @Test func theStepsGiveAWorkerItsModelAndKafkasProperties() throws {
    let page = try String(contentsOf: repository.appending(path: "docs/operations.md"), encoding: .utf8)
    let bundle = try #require(try text("worker.env").firstMatch(of: #/\nLECTERN_MODEL_BUNDLE=(\S+)/#)).output.1
    #expect(page.contains(try Regex("\n    cp -r \\S+ \(bundle)\n")), "no step fills \(bundle)")
    let unit = uncommented(try text("lectern-worker.service"))
    #expect(values(of: "Environment", in: unit).contains("LECTERN_KAFKA_PROPERTIES_FILE=%d/kafka-properties"))
    let place = values(of: "LoadCredential", in: unit).first { $0.hasPrefix("kafka-properties:") }
    #expect(place == "kafka-properties:/etc/lectern/kafka.properties" && page.contains("/etc/lectern/kafka.properties"))
  }

  /// A unit with the settings that are comments in it.
  private func uncommented(_ unit: String) -> String {
    unit.replacing(#/(?m)^#([A-Z][A-Za-z]+=)/#) { "\($0.output.1)" }
  }

  static let analyze = "/usr/bin/systemd-analyze"

  /// systemd itself finds nothing wrong, in a folder where everything that a unit names is there.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: analyze), "no systemd-analyze"), arguments: names)
  func systemdTakesTheUnit(name: String) async throws {
    try await withFolder { folder in
      let unit = try text("lectern-\(name).service")
      func verify(_ content: String) throws -> (status: Int32, text: String) {
        let path = "\(folder)/lectern-\(name).service"
        try Data(content.utf8).write(to: URL(filePath: path))
        let process = Process()
        process.executableURL = URL(filePath: Self.analyze)
        process.arguments = ["verify", "--man=no", path]
        let output = Pipe()
        (process.standardOutput, process.standardError) = (output, output)
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
      }
      // The program is wherever the operator puts it.
      let here = unit.replacing("/usr/local/bin/lectern", with: "/bin/true")
      for unit in [here, uncommented(here)] {
        let good = try verify(unit)
        #expect(good.status == 0 && !good.text.contains("lectern-"), "\(good.text)")
      }
      let bad = try verify(here.replacing("Restart=on-failure", with: "Restart=whenever"))
      #expect(bad.text.contains("whenever"), "\(bad.text)")
    }
  }
}
