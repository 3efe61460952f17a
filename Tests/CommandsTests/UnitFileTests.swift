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

  /// Each sample is a file that the program reads without a word, its commented keys included, which show defaults.
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
    #expect(page.contains("ops/systemd/\(name).env") || page.contains("ops/systemd/*.env"))
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
      let good = try verify(here)
      #expect(good.status == 0 && !good.text.contains("lectern-"), "\(good.text)")
      let bad = try verify(here.replacing("Restart=on-failure", with: "Restart=whenever"))
      #expect(bad.text.contains("whenever"), "\(bad.text)")
    }
  }
}
