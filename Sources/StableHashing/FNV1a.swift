/// FNV-1a with 64 bits (Fowler, Noll and Vo): the same for the same bytes on every machine and in every run, unlike
/// Swift's own hashes. It resists no forgery.
package struct FNV1a: Sendable {
  @usableFromInline var state: UInt64 = 0xcbf2_9ce4_8422_2325

  @inlinable package init() {}

  /// The hash of some bytes.
  @inlinable package init(_ bytes: some Sequence<UInt8>) { add(bytes) }

  @inlinable package var value: UInt64 { state }

  @inlinable package mutating func add(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }

  @inlinable package mutating func add(_ bytes: some Sequence<UInt8>) { for byte in bytes { add(byte) } }

  /// The bytes of a number, the least significant first.
  @inlinable
  package mutating func add(littleEndian number: some FixedWidthInteger) {
    for shift in stride(from: 0, to: number.bitWidth, by: 8) { add(UInt8(truncatingIfNeeded: number >> shift)) }
  }

  /// The bytes of a number, the most significant first.
  @inlinable package mutating func add(bigEndian number: some FixedWidthInteger) {
    add(littleEndian: number.byteSwapped)
  }
}
