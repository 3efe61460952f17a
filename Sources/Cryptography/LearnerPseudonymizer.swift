package import LearningEvents

/// Turns an LMS's learner ids into pseudonyms under the deployment's secret.
///
/// pseudonym = the first 16 bytes of HMAC-SHA-256(secret, len(source) ‖ source ‖ len(learner) ‖ learner), where len is
/// the number of UTF-8 bytes as four big-endian bytes, so that no two pairs share a message. Test vectors: docs/events.
/// The secret is never printed; a value of this type describes itself by its fingerprint.
package struct LearnerPseudonymizer: Sendable {
  /// The shortest secret: as many bytes as the digest has, RFC 2104 section 3.
  package static let secretMinimumBytes = 32

  private let secret: HMACSHA256
  /// 16 hexadecimal digits that tell secrets apart: the start of HMAC-SHA-256(secret, "lectern-fingerprint"). The
  /// database keeps it, and a worker with another is refused.
  package let fingerprint: String

  /// Adopts a secret. Its length is the configuration's to judge (`secretMinimumBytes`).
  package init(secret: [UInt8]) {
    self.secret = HMACSHA256(key: secret)
    fingerprint = Hex.encode(self.secret.authenticate(Array("lectern-fingerprint".utf8)).prefix(8))
  }

  /// The pseudonym of a learner of one LMS.
  package func pseudonym(source: SourceID, learnerID: LearnerID) -> LearnerPseudonym {
    var message: [UInt8] = []
    message.reserveCapacity(8 + source.utf8.count + learnerID.utf8.count)
    for part in [source.utf8, learnerID.utf8] {
      withUnsafeBytes(of: UInt32(part.count).bigEndian) { message.append(contentsOf: $0) }
      message.append(contentsOf: part)
    }
    // Once for every frame: by halves, past the generic initializer.
    return secret.authenticate(message).withUnsafeBytes { code in
      LearnerPseudonym(
        high: UInt64(bigEndian: code.loadUnaligned(as: UInt64.self)),
        low: UInt64(bigEndian: code.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
  }
}

extension LearnerPseudonymizer: CustomStringConvertible, CustomReflectable {
  package var description: String { "LearnerPseudonymizer(\(fingerprint))" }
  package var customMirror: Mirror { Mirror(self, children: ["fingerprint": fingerprint]) }
}
