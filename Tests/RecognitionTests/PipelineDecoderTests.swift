import LearningEvents
import Recognition
import Synchronization
import Testing
import Vision

/// What becomes of a batch while there is nothing to decode with.
@Suite struct PipelineDecoderTests {
  /// Has no decoder for some bytes the first times they come, and dies of others.
  private final class Decoder: ImageDecoding {
    private let misses: [UInt8: Int]
    private let dying: Set<UInt8>
    private let asked = Mutex<[UInt8: Int]>([:])

    init(misses: [UInt8: Int] = [:], dying: Set<UInt8> = []) { (self.misses, self.dying) = (misses, dying) }

    func times(_ byte: UInt8) -> Int { asked.withLock { $0[byte, default: 0] } }

    func probe(_ bytes: UnsafeRawBufferPointer) throws(ImageError) -> ImageHeader { try StubDecoder().probe(bytes) }

    func decodeGray(_ bytes: [UInt8]) throws(ImageError) -> GrayImage {
      let count = asked.withLock { asked in
        asked[bytes[0], default: 0] += 1
        return asked[bytes[0], default: 0]
      }
      if count <= misses[bytes[0], default: 0] { throw ImageError(.noDecoder, "none") }
      if dying.contains(bytes[0]) { throw ImageError(.decoderFailed, "it crashed") }
      return try StubDecoder().decodeGray(bytes)
    }
  }

  private func requests(_ codes: [UInt8]) -> [RecognitionRequest] { codes.map { RecognitionRequest(bytes: [$0]) } }

  /// Frames that cost a decoder are not shown to another one because a neighbour found none.
  @Test func onlyTheFrameThatFindsNoDecoderIsTriedAgain() async throws {
    let decoder = Decoder(misses: [1: 2, 4: 1], dying: [0, 4])
    let outcomes = try await Bench().recognizer(streams: 1, decoder: decoder).recognize(requests([0, 1, 2, 4]))
    #expect(outcomes[0] == .rejected(.decoderCrash, detail: "it crashed") && outcomes[3] == outcomes[0])
    for (outcome, label) in [(outcomes[1], 1), (outcomes[2], 2)] {
      guard case .sample(let measured) = outcome, let distribution = measured.distribution else {
        Issue.record("\(label) became \(outcome)")
        continue
      }
      #expect(distribution.label.rawValue == label)
    }
    #expect([0, 1, 2, 4].map(decoder.times) == [1, 3, 1, 2])
  }

  @Test func waitingForADecoderEndsWithTheTask() async throws {
    let decoder = Decoder(misses: [1: .max])
    let recognizer = Bench().recognizer(streams: 2, decoder: decoder)
    let requests = requests([1, 1, 1])
    let task = Task { try await recognizer.recognize(requests) }
    while decoder.times(1) < 3 { try await Task.sleep(for: .milliseconds(5)) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}
