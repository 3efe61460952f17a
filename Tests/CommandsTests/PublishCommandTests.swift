import Foundation
import Testing

/// `lectern publish` and `lectern demo --frames` where nothing can be published.
@Suite struct PublishCommandTests {
  @Test(.timeLimit(.minutes(1)), arguments: [["publish"], ["demo", "--frames"]])
  func aPipeAmongThePicturesDoesNotHoldTheCommand(words: [String]) async throws {
    try await withFolder { folder in
      #expect(mkfifo("\(folder)/pipe.jpg", 0o600) == 0)
      let run = await CommandLineRun(
        words + [folder], variables: ["LECTERN_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"])
      #expect(run.code == 1 && run.errors.contains("no JPEG or PNG file below '\(folder)'"), "\(run.errors)")
    }
  }
}
