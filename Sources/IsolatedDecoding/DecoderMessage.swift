package import Vision

/// "Decode frame `sequence`, whose file of so many bytes lies in the shared memory": 8 bytes.
package struct DecoderRequest: Equatable {
  package static let byteCount = 8

  package var sequence: UInt32
  package var fileBytes: UInt32

  package init(sequence: UInt32, fileBytes: UInt32) { (self.sequence, self.fileBytes) = (sequence, fileBytes) }

  package init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.byteCount else { return nil }
    (sequence, fileBytes) = (bytes.word(0), bytes.word(1))
  }

  package var bytes: [UInt8] { [UInt8](words: [sequence, fileBytes]) }
}

/// What a decoder process answers: 128 bytes, whatever it says.
package struct DecoderAnswer: Equatable {
  package enum Content: Equatable {
    /// The process is up and has decoded its trial pictures; whether the kernel confines it.
    case ready(isConfined: Bool)
    /// The pixels lie in the shared memory.
    case picture(width: Int, height: Int)
    case refused(ImageError)
  }

  package static let byteCount = 128
  private static let headerWords = 5
  private static let detailLimit = byteCount - 4 * headerWords
  /// By number on the wire; what only the parent says is not among them.
  private static let codes: [ImageError.Code] = [.notAnImage, .corrupt, .tooLarge, .unsupported, .decoderFailed]

  package var sequence: UInt32
  package var content: Content

  package init(sequence: UInt32, _ content: Content) { (self.sequence, self.content) = (sequence, content) }

  /// Nil for what no decoder of ours would say: the sender may be in other hands.
  package init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.byteCount else { return nil }
    sequence = bytes.word(1)
    let (first, second, third) = (bytes.word(2), bytes.word(3), bytes.word(4))
    switch bytes.word(0) {
    case 1 where first <= 1: content = .ready(isConfined: first == 1)
    case 2: content = .picture(width: Int(first), height: Int(second))
    case 3 where first < Self.codes.count && third <= Self.detailLimit:
      // Details are logged and stored: printable ASCII and nothing else.
      let detail = bytes[(4 * Self.headerWords)...].prefix(Int(third))
      guard detail.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
      content = .refused(ImageError(Self.codes[Int(first)], String(decoding: detail, as: UTF8.self)))
    default: return nil
    }
  }

  package var bytes: [UInt8] {
    var words: [UInt32] = [0, sequence, 0, 0, 0]
    var detail: [UInt8] = []
    switch content {
    case .ready(let isConfined): words = [1, sequence, isConfined ? 1 : 0, 0, 0]
    case .picture(let width, let height): words = [2, sequence, UInt32(width), UInt32(height), 0]
    case .refused(let error):
      detail = error.detail.utf8.prefix(Self.detailLimit).map { (0x20...0x7E).contains($0) ? $0 : 0x3F }
      // What a decoder lacks in its own process, its limits keep from it.
      words = [3, sequence, UInt32(Self.codes.firstIndex(of: error.code) ?? 4), 0, UInt32(detail.count)]
    }
    let bytes = [UInt8](words: words) + detail
    return bytes + [UInt8](repeating: 0, count: Self.byteCount - bytes.count)
  }
}

extension [UInt8] {
  /// Words in this machine's own byte order: both ends are the same program.
  init(words: [UInt32]) { self = words.flatMap { word in Swift.withUnsafeBytes(of: word) { Array($0) } } }

  func word(_ index: Int) -> UInt32 { withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self) } }
}
