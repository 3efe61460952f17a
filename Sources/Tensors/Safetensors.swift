/// The index of a safetensors file: what it holds and where, checked so that every range may be used unseen.
///
/// A file is eight bytes of header length (little-endian), a JSON object, then the tensors' bytes without gaps. It is
/// hostile input until proven otherwise: nothing is allocated by a number it claims, and every number is checked.
package struct Safetensors: Sendable {
  /// One tensor's place.
  package struct Entry: Hashable, Sendable {
    package let name: String
    package let type: ElementType
    package let shape: Shape
    /// Bytes of the file, from its very beginning; `shape.count * type.width` of them.
    package let bytes: Range<Int>

    package init(name: String, type: ElementType, shape: Shape, bytes: Range<Int>) {
      (self.name, self.type, self.shape, self.bytes) = (name, type, shape, bytes)
    }
  }

  /// In the order of their bytes.
  package let entries: [Entry]

  /// The header's `__metadata__`, text by text.
  package let metadata: [String: String]

  /// The format's own limit on the header.
  package static let maximumHeaderByteCount = 100_000_000

  /// The longest name of a tensor, in bytes; the longest that any published network uses is a tenth of it.
  package static let maximumNameByteCount = 1024

  /// Where the tensors' bytes begin in a file of `fileByteCount` bytes: what must be read before `init(head:…)`.
  ///
  /// - Parameter prefix: the file's first eight bytes, or all of a shorter one.
  package static func dataStart(
    prefix: UnsafeRawBufferPointer, fileByteCount: Int
  ) throws(SafetensorsError) -> Int {
    guard prefix.count >= 8, fileByteCount >= 8 else {
      throw .truncated(expected: 8, given: min(prefix.count, fileByteCount))
    }
    let length = UInt64(littleEndian: prefix.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(maximumHeaderByteCount) else { throw .headerTooLarge(length) }
    let start = 8 + Int(length)
    guard fileByteCount >= start else { throw .truncated(expected: start, given: fileByteCount) }
    return start
  }

  /// Reads the header of a whole file.
  package init(parsing file: UnsafeRawBufferPointer) throws(SafetensorsError) {
    try self.init(head: file, fileByteCount: file.count)
  }

  /// Reads the header of a file of which only the beginning is in memory.
  ///
  /// - Parameters:
  ///   - head: at least the file's first `dataStart` bytes.
  ///   - fileByteCount: the size of the whole file.
  package init(head: UnsafeRawBufferPointer, fileByteCount: Int) throws(SafetensorsError) {
    let dataStart = try Self.dataStart(prefix: head, fileByteCount: fileByteCount)
    guard head.count >= dataStart else { throw .truncated(expected: dataStart, given: head.count) }
    let header = try SafetensorsHeader(UnsafeRawBufferPointer(rebasing: head[8..<dataStart]))

    var entries: [Entry] = []
    var end = dataStart
    let available = fileByteCount - dataStart
    // Empty tensors first among equals, so that one may stand between two others.
    let sorted = header.tensors.sorted { ($0.begin, $0.end, $0.name) < ($1.begin, $1.end, $1.name) }
    for tensor in sorted {
      guard let type = ElementType(rawValue: tensor.type) else {
        throw .unsupportedType(tensor: tensor.name, type: tensor.type)
      }
      let shape: Shape
      do {
        shape = try Shape(validating: tensor.shape)
      } catch {
        throw .invalidShape(tensor: tensor.name, error)
      }
      guard tensor.begin <= tensor.end, tensor.end <= available, tensor.end - tensor.begin == shape.count * type.width
      else { throw .invalidOffsets(tensor: tensor.name) }
      guard dataStart + tensor.begin == end else { throw .overlapOrHole(tensor: tensor.name) }
      end = dataStart + tensor.end
      entries.append(Entry(name: tensor.name, type: type, shape: shape, bytes: dataStart + tensor.begin..<end))
    }
    guard end == fileByteCount else { throw .trailingBytes(fileByteCount - end) }
    self.entries = entries
    metadata = header.metadata
  }

  /// Every tensor of a file of F32 tensors, copied into memory of its own.
  package static func tensors(copying file: UnsafeRawBufferPointer) throws(SafetensorsError) -> Weights {
    var weights: Weights = [:]
    for entry in try Safetensors(parsing: file).entries {
      guard entry.type == .float32 else { throw .notSinglePrecision(tensor: entry.name, type: entry.type) }
      weights[entry.name] = try tensor(entry, from: UnsafeRawBufferPointer(rebasing: file[entry.bytes]))
    }
    return weights
  }

  /// Every tensor of a file of F32 tensors in place: nothing is copied, and each tensor keeps `owner` (a mapping, say)
  /// alive, which must keep the bytes where they are and unchanged. A file whose header leaves its tensors off 4-byte
  /// boundaries is refused; Lectern's own writer aligns to 64.
  package static func tensors(
    borrowing file: UnsafeRawBufferPointer, owner: any AnyObject & Sendable
  ) throws(SafetensorsError) -> Weights {
    var weights: Weights = [:]
    for entry in try Safetensors(parsing: file).entries {
      guard entry.type == .float32 else { throw .notSinglePrecision(tensor: entry.name, type: entry.type) }
      guard !entry.bytes.isEmpty, let base = file.baseAddress else {
        weights[entry.name] = Tensor(repeating: 0, entry.shape)
        continue
      }
      let start = base + entry.bytes.lowerBound
      guard UInt(bitPattern: start) % UInt(MemoryLayout<Float>.alignment) == 0 else {
        throw .misaligned(tensor: entry.name)
      }
      weights[entry.name] = Tensor(
        borrowing: start.bindMemory(to: Float.self, capacity: entry.shape.count), entry.shape, owner: owner)
    }
    return weights
  }
}
