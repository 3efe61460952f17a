import Cryptography
import Foundation
import LearningEvents
import Testing

/// Judged by vectors that Python's hmac made: docs/events/make-id-vectors.py.
@Suite struct LearnerPseudonymizerTests {
  struct Document: Decodable {
    struct Vector: Decodable, Sendable {
      struct Learner: Decodable, Sendable {
        let source: SourceID
        let learner_id: LearnerID
        let pseudonym: String
      }
      let secret_hex: String
      let fingerprint: String
      let learners: [Learner]
    }
    let vectors: [Vector]
  }

  private static func bytes(hex: String) throws -> [UInt8] {
    try stride(from: 0, to: hex.count, by: 2).map { start in
      try #require(UInt8(hex.dropFirst(start).prefix(2), radix: 16))
    }
  }

  @Test func vectorsOfAnIndependentImplementation() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../docs/events/id-vectors.json").standardizedFileURL
    let document = try JSONDecoder().decode(Document.self, from: Data(contentsOf: file))
    #expect(document.vectors.count >= 3)
    var seen: Set<LearnerPseudonym> = []
    for vector in document.vectors {
      let pseudonymizer = LearnerPseudonymizer(secret: try Self.bytes(hex: vector.secret_hex))
      #expect(pseudonymizer.fingerprint == vector.fingerprint)
      for learner in vector.learners {
        let pseudonym = pseudonymizer.pseudonym(source: learner.source, learnerID: learner.learner_id)
        #expect(pseudonym.uuid == learner.pseudonym)
        #expect(seen.insert(pseudonym).inserted)
      }
    }
  }

  @Test func theSecretIsNotPrinted() {
    let pseudonymizer = LearnerPseudonymizer(secret: Array("hunter2-hunter2-hunter2-hunter2-".utf8))
    var dumped = ""
    dump(pseudonymizer, to: &dumped)
    for text in ["\(pseudonymizer)", String(reflecting: pseudonymizer), dumped] {
      #expect(!text.contains("hunter2") && !text.contains("104"))
    }
  }

  @Test func pseudonymsArePrintedAsUUIDs() {
    let pseudonym = LearnerPseudonym(high: 0x0011_2233_4455_6677, low: 0x8899_AABB_CCDD_EEFF)
    #expect(pseudonym.uuid == "00112233-4455-6677-8899-aabbccddeeff")
  }

  /// RFC 4231, test cases 1, 2 and 6 (a key longer than a block).
  @Test(arguments: [
    (
      [UInt8](repeating: 0x0B, count: 20), "Hi There",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    ),
    (
      Array("Jefe".utf8), "what do ya want for nothing?",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    ),
    (
      [UInt8](repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    ),
  ])
  func codesOfTheStandard(key: [UInt8], message: String, code: String) {
    let made = HMACSHA256(key: key).authenticate(Array(message.utf8))
    #expect(Hex.encode(made) == code)
  }
}
