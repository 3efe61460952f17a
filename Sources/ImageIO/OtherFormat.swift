/// Picture formats that are told apart only to say so: a producer that sends one is helped more by its name than by "no
/// picture".
enum OtherFormat: String {
  case gif = "GIF"
  case webp = "WebP"
  case bmp = "BMP"
  case tiff = "TIFF"
  case heif = "HEIF or AVIF"
  case jpeg2000 = "JPEG 2000"
  case jpegXL = "JPEG XL"

  /// By the first bytes; nil for anything else.
  init?(_ bytes: UnsafeBufferPointer<UInt8>) {
    func has(_ text: String, at start: Int) -> Bool { bytes.dropFirst(start).starts(with: text.utf8) }
    if has("GIF87a", at: 0) || has("GIF89a", at: 0) {
      self = .gif
    } else if has("RIFF", at: 0), has("WEBP", at: 8) {
      self = .webp
    } else if has("BM", at: 0), bytes.count >= 18, [12, 40, 52, 56, 64, 108, 124].contains(bytes[14]),
      bytes[15..<18].allSatisfy({ $0 == 0 })
    {
      self = .bmp
    } else if bytes.starts(with: [0x49, 0x49, 0x2A, 0]) || bytes.starts(with: [0x4D, 0x4D, 0, 0x2A]) {
      self = .tiff
    } else if has("ftyp", at: 4),
      ["heic", "heix", "hevc", "mif1", "msf1", "avif", "avis"].contains(where: { has($0, at: 8) })
    {
      self = .heif
    } else if bytes.starts(with: [0, 0, 0, 12]), has("jP  ", at: 4) {
      self = .jpeg2000
    } else if bytes.starts(with: [0xFF, 0x0A]) || (bytes.starts(with: [0, 0, 0, 12]) && has("JXL ", at: 4)) {
      self = .jpegXL
    } else {
      return nil
    }
  }
}
