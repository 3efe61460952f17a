import HTTPServing
import Testing

@Suite struct HTTPTargetTests {
  @Test(arguments: [
    ("/", []), ("/a", ["a"]), ("/a/", ["a"]), ("/a/b%2Fc", ["a", "b/c"]), ("/%C3%A9", ["é"]), ("/a+b", ["a+b"]),
    ("/%25", ["%"]),
  ])
  func pathsAreSplitThenDecoded(_ raw: String, _ segments: [String]) {
    #expect(HTTPTarget.segments(ofPath: raw) == segments)
  }

  @Test(arguments: [
    "", "a", "//", "//a", "/a//b", "/..", "/a/../b", "/%2e%2E", "/.", "/%", "/%4", "/%zz", "/%00", "/a%0Ab", "/%ff",
    "/%C3", "*", "/\u{1}",
  ])
  func crookedPathsAreRefused(_ raw: String) { #expect(HTTPTarget.segments(ofPath: raw) == nil) }
}
