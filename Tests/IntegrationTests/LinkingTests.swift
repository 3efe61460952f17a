import Processes
import TestSupport
import Testing

extension Program {
  /// How the shipped program is put together, as readelf sees it.
  @Suite(.enabled(if: builtExecutable != nil, "LECTERN_TEST_EXECUTABLE names no program"))
  struct Linking {
    @Test(.enabled(if: TestTools.path(of: "readelf") != nil, "no readelf (it is part of binutils)"))
    func addressesAreFixedAtTheStartAndNoLibraryIsLookedForElsewhere() async throws {
      let readelf = try #require(TestTools.path(of: "readelf"))
      let command = ChildCommand(readelf, ["--dynamic", "--program-headers", "--wide", try #require(builtExecutable)])
      let result = try await ProcessLauncher().run(command, outputLimitBytes: 1 << 20, deadline: .seconds(60))
      try result.requireSuccess()
      let text = result.outputText
      #expect(text.contains("GNU_RELRO") && text.contains("(NEEDED)"))
      // All symbols are bound before main, so that the table of their addresses is read-only.
      #expect(text.contains("BIND_NOW") || text.contains("Flags: NOW"), "\(text)")
      #expect(!text.contains("(RUNPATH)") && !text.contains("(RPATH)"), "\(text)")
      #expect(text.contains("PIE"))
    }
  }
}
