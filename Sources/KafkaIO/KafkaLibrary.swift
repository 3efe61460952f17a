import CKafka
import Glibc

/// The librdkafka this process runs with.
package enum KafkaLibrary {
  /// Such as `2.0.2`.
  package static var version: String { String(cString: rd_kafka_version_str()) }

  /// False before 2.6.1, whose SCRAM sends a wrong nonce: Kafka from 4.0 on answers that with "invalid credentials".
  package static var hasCorrectSCRAM: Bool {
    // 0xMMmmrrxx: major, minor, revision, pre-release.
    number >= 0x02_06_01
  }

  /// False before 2.3.0, which aborts the process where a member of a group is destroyed that had joined under the
  /// cooperative-sticky strategy and had not been given its first assignment yet (librdkafka's pull request 4381).
  static var destroysUnassignedMembers: Bool { number >= 0x02_03_00 }

  /// False before 2.4.0, which has no property for how long a full queue of fetched records keeps it from fetching.
  static var hasFetchQueueBackoff: Bool { number >= 0x02_04_00 }

  private static var number: UInt32 { UInt32(bitPattern: rd_kafka_version()) >> 8 }
}

extension Duration {
  /// Whole milliseconds as the C calls take them, rounded up, so that a short wait is never a busy loop.
  var cMilliseconds: Int32 {
    let (seconds, attoseconds) = components
    guard seconds >= 0 else { return 0 }
    guard seconds < 1_000_000 else { return 1_000_000_000 }
    return Int32(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
  }
}

/// Blocks the thread for 10 ms, between two tries of a call that librdkafka cannot be asked to wait for.
func pauseBriefly() { usleep(10_000) }
