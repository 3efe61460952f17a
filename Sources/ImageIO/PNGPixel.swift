import CSpng
import Vision

/// The kinds of pixel that libspng is asked for, and how each becomes gray.
enum PNGPixel {
  /// Gray of up to 8 bits, scaled to 8.
  case gray8
  /// Anything else of up to 8 bits.
  case rgba8
  /// Anything of 16 bits, in the machine's byte order.
  case rgba16

  var format: spng_format {
    switch self {
    case .gray8: SPNG_FMT_G8
    case .rgba8: SPNG_FMT_RGBA8
    case .rgba16: SPNG_FMT_RGBA16
    }
  }

  var bytes: Int {
    switch self {
    case .gray8: 1
    case .rgba8: 4
    case .rgba16: 8
    }
  }

  /// Rec. 601 luma over white of the pixel whose bytes start at `start`; 16-bit channels become 8-bit ones first,
  /// rounded to the nearest.
  @inline(__always)
  func gray(_ row: UnsafeBufferPointer<UInt8>, at start: Int) -> UInt8 {
    switch self {
    case .gray8: row[start]
    case .rgba8: Self.gray(row[start], row[start + 1], row[start + 2], alpha: row[start + 3])
    case .rgba16:
      Self.gray(
        Self.narrow(row, start), Self.narrow(row, start + 2), Self.narrow(row, start + 4),
        alpha: Self.narrow(row, start + 6))
    }
  }

  private static func gray(_ red: UInt8, _ green: UInt8, _ blue: UInt8, alpha: UInt8) -> UInt8 {
    let luma = Luma.of(red: red, green: green, blue: blue)
    if alpha == 255 { return luma }
    let opacity = UInt32(alpha)
    return UInt8((opacity * UInt32(luma) + (255 - opacity) * 255 + 127) / 255)
  }

  private static func narrow(_ row: UnsafeBufferPointer<UInt8>, _ start: Int) -> UInt8 {
    let value = UnsafeRawPointer(row.baseAddress! + start).loadUnaligned(as: UInt16.self)
    return UInt8((UInt32(value) * 255 + 32767) / 65535)
  }
}
