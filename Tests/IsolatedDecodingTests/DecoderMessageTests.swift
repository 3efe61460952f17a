import IsolatedDecoding
import Testing
import Vision

@Suite struct DecoderMessageTests {
  @Test func whatIsSaidIsHeard() throws {
    let request = DecoderRequest(sequence: 7, fileBytes: 8 << 20)
    #expect(request.bytes.count == DecoderRequest.byteCount)
    #expect(DecoderRequest(request.bytes) == request)
    let contents: [DecoderAnswer.Content] = [
      .ready(isConfined: true), .ready(isConfined: false), .picture(width: 7071, height: 1),
      .refused(ImageError(.corrupt, "PNG: crc mismatch")), .refused(ImageError(.tooLarge, "")),
      .refused(ImageError(.notAnImage, "a")), .refused(ImageError(.unsupported, "b")),
      .refused(ImageError(.decoderFailed, String(repeating: "x", count: 108))),
    ]
    for content in contents {
      let answer = DecoderAnswer(sequence: 0xFFFF_FFFE, content)
      #expect(answer.bytes.count == DecoderAnswer.byteCount)
      #expect(DecoderAnswer(answer.bytes) == answer)
    }
  }

  @Test func longAndUnprintableDetailsAreCutAndMasked() {
    let answer = DecoderAnswer(
      sequence: 1, .refused(ImageError(.corrupt, "a\nb\u{7F}" + String(repeating: "y", count: 500))))
    guard case .refused(let error)? = DecoderAnswer(answer.bytes)?.content else {
      Issue.record("no refusal")
      return
    }
    #expect(error.detail == "a?b?" + String(repeating: "y", count: 104))
  }

  /// The other side may be in other hands: whatever 128 bytes say, it is understood in bounds or not at all.
  @Test func nonsenseIsNotUnderstood() {
    #expect(DecoderAnswer([]) == nil)
    #expect(DecoderAnswer([UInt8](repeating: 1, count: 127)) == nil)
    #expect(DecoderRequest([1, 2, 3]) == nil)
    var refusal = DecoderAnswer(sequence: 1, .refused(ImageError(.corrupt, "abc"))).bytes
    refusal[20] = 10
    #expect(DecoderAnswer(refusal) == nil, "a line break in a detail")
    refusal[20] = 65
    refusal[16] = 109
    #expect(DecoderAnswer(refusal) == nil, "a detail beyond the message")
    refusal[16] = 3
    refusal[8] = 5
    #expect(DecoderAnswer(refusal) == nil, "a code that is none")
    var random = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
      var bytes = (0..<DecoderAnswer.byteCount).map { _ in UInt8.random(in: 0...255, using: &random) }
      bytes.replaceSubrange(0..<4, with: [.random(in: 0...4, using: &random), 0, 0, 0])
      guard let answer = DecoderAnswer(bytes) else { continue }
      if case .refused(let error) = answer.content {
        #expect(error.detail.utf8.allSatisfy { (0x20...0x7E).contains($0) })
      }
    }
  }
}
