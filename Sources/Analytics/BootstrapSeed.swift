package import LearningEvents
import StableHashing

/// The seed of a segment's bootstrap: the same course, segment and version give the same interval anywhere.
///
/// FNV-1a with 64 bits over: the UTF-8 of the source URI, of the course's LMS id and of the segment's LMS id, each
/// preceded by its length as 4 big-endian bytes, then the version as 2 big-endian bytes. LMS ids rather than database
/// numbers, so that a rebuilt database draws the same learners. Frames outside any segment use an empty segment id,
/// which no real segment has.
package struct BootstrapSeed: Sendable, Hashable {
  package let value: UInt64

  package init(source: SourceID, course: CourseID, segment: SegmentID?, version: Int16) {
    var hash = FNV1a()
    for text in [source.utf8, course.utf8, (segment ?? "").utf8] {
      hash.add(bigEndian: UInt32(text.count))
      hash.add(text)
    }
    hash.add(bigEndian: version)
    value = hash.value
  }
}
