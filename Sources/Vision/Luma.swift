/// Rec. 601 luma of 8-bit RGB, in integers: Y = ⌊(19595·R + 38470·G + 7471·B + 32768) / 65536⌋.
///
/// These are 0.299, 0.587 and 0.114 in 16 fractional bits with the sum exactly 65536, rounded half up: the numbers of
/// the JFIF encoder in libjpeg, so that a gray picture coded as colour JPEG and a PNG agree.
package enum Luma {
  @inlinable
  package static func of(red: UInt8, green: UInt8, blue: UInt8) -> UInt8 {
    var sum: UInt32 = 32768
    sum += 19595 * UInt32(red)
    sum += 38470 * UInt32(green)
    sum += 7471 * UInt32(blue)
    return UInt8(sum >> 16)
  }
}
