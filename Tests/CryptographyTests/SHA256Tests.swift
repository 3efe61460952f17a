import Cryptography
import Testing

@Suite struct SHA256Tests {
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
  ])
  func digestsOfTheStandard(text: String, digest: String) {
    #expect(Hex.encode(SHA256.hash(Array(text.utf8))) == digest)
  }

  @Test func partsGiveTheDigestOfTheWhole() {
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    var stream = SHA256Stream()
    for start in stride(from: 0, to: bytes.count, by: 977) {
      bytes[start..<min(start + 977, bytes.count)].withUnsafeBytes { stream.update($0) }
    }
    #expect(stream.finish() == SHA256.hash(bytes))
  }

  @Test func hexHasTwoDigitsAByte() {
    #expect(Hex.encode([0, 1, 0x7F, 0x80, 0xFF]) == "00017f80ff")
  }
}
