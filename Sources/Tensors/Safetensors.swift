/// The index of a safetensors file: what it holds and where, checked so that every range may be used unseen.
///
/// A file is eight bytes of header length (little-endian), a JSON object, then the tensors' bytes without gaps. It is
/// hostile input until proven otherwise: nothing is allocated by a number it claims, and every number is checked.
/// Element types other than F32 are refused by name.
package struct Safetensors: Sendable {
  /// One tensor's place.
  package struct Entry: Hashable, Sendable {
    package let name: String
    package let shape: Shape
    /// Bytes of the file, from its very beginning.
    package let bytes: Range<Int>
  }

  /// In the order of their bytes.
  package let entries: [Entry]

  /// The header's `__metadata__`, text by text.
  package let metadata: [String: String]

  /// The format's own limit on the header.
  package static let maximumHeaderByteCount = 100_000_000

  /// Reads the header of a whole file.
  package init(parsing file: UnsafeRawBufferPointer) throws(SafetensorsError) {
    guard file.count >= 8 else { throw .truncated(expected: 8, given: file.count) }
    let length = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(Self.maximumHeaderByteCount) else { throw .headerTooLarge(length) }
    let dataStart = 8 + Int(length)
    guard file.count >= dataStart else { throw .truncated(expected: dataStart, given: file.count) }
    var parser = SafetensorsHeaderParser(UnsafeRawBufferPointer(rebasing: file[8..<dataStart]))
    let header = try parser.parse()

    var entries: [Entry] = []
    var end = dataStart
    // Empty tensors first among equals, so that one may stand between two others.
    let sorted = header.tensors.sorted { ($0.begin, $0.end, $0.name) < ($1.begin, $1.end, $1.name) }
    for tensor in sorted {
      guard tensor.type == "F32" else { throw .unsupportedType(tensor: tensor.name, type: tensor.type) }
      let shape: Shape
      do {
        shape = try Shape(validating: tensor.shape)
      } catch {
        throw .invalidShape(tensor: tensor.name, error)
      }
      let available = file.count - dataStart
      guard tensor.begin <= tensor.end, tensor.end <= available, tensor.end - tensor.begin == shape.count * 4 else {
        throw .invalidOffsets(tensor: tensor.name)
      }
      guard dataStart + tensor.begin == end else { throw .overlapOrHole(tensor: tensor.name) }
      end = dataStart + tensor.end
      entries.append(Entry(name: tensor.name, shape: shape, bytes: dataStart + tensor.begin..<end))
    }
    guard end == file.count else { throw .trailingBytes(file.count - end) }
    self.entries = entries
    metadata = header.metadata
  }

  /// Every tensor of a file, copied into memory of its own.
  package static func tensors(copying file: UnsafeRawBufferPointer) throws(SafetensorsError) -> Weights {
    var weights: Weights = [:]
    for entry in try Safetensors(parsing: file).entries {
      weights[entry.name] = Tensor(uninitialized: entry.shape) { target in
        UnsafeMutableRawBufferPointer(target).copyMemory(from: UnsafeRawBufferPointer(rebasing: file[entry.bytes]))
      }
    }
    return weights
  }

  /// Every tensor of a file in place: nothing is copied, and each tensor keeps `owner` (a mapping, say) alive, which
  /// must keep the bytes where they are and unchanged. A file whose header leaves its tensors off 4-byte boundaries is
  /// refused; Lectern's own writer aligns to 64.
  package static func tensors(
    borrowing file: UnsafeRawBufferPointer, owner: any AnyObject & Sendable
  ) throws(SafetensorsError) -> Weights {
    var weights: Weights = [:]
    for entry in try Safetensors(parsing: file).entries {
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
