/// The seed of a segment's bootstrap: the same course, segment and version give the same interval anywhere.
///
/// FNV-1a with 64 bits over: the UTF-8 of the source URI, of the course's LMS id and of the segment's LMS id, each
/// preceded by its length as 4 big-endian bytes, then the version as 2 big-endian bytes. LMS ids rather than database
/// numbers, so that a rebuilt database draws the same learners. Frames outside any segment use an empty segment id,
/// which no real segment has.
package struct BootstrapSeed: Sendable, Hashable {
  package let value: UInt64

  package init(source: String, course: String, segment: String?, version: Int16) {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    for text in [source, course, segment ?? ""] {
      let length = UInt32(text.utf8.count)
      for shift: UInt32 in [24, 16, 8, 0] { add(UInt8(truncatingIfNeeded: length >> shift)) }
      text.utf8.forEach(add)
    }
    let number = UInt16(bitPattern: version)
    add(UInt8(number >> 8))
    add(UInt8(truncatingIfNeeded: number))
    value = hash
  }
}
