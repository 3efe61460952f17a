/// Names that differ in nothing but case and punctuation, as `learnerId` and `learner_id` do: what somebody wrote who
/// meant the other one.
package enum NearName {
  /// Whether both have the same ASCII letters, in any case, and digits in the same order, and at least one of them.
  package static func areNear(_ a: some Sequence<UInt8>, _ b: some Sequence<UInt8>) -> Bool {
    let (a, b) = (core(a), core(b))
    return !a.isEmpty && a == b
  }

  /// What is said of a missing name to which another one is near: `missing; learnerId is there, but …`. It repeats the
  /// other name only where that is as harmless as the missing one, whose letters it has.
  package static func missing(near name: String) -> String {
    let isPlain = name.utf8.count <= 40 && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    return "missing; \(isPlain ? name : "a name like it") is there, but the name must be exact"
  }

  private static func core(_ name: some Sequence<UInt8>) -> [UInt8] {
    name.compactMap { byte in
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
      default: nil
      }
    }
  }
}
