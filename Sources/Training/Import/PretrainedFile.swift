import Cryptography
internal import Neural
package import Tensors

/// A file of pretrained weights, read once from its beginning to its end: what is hashed is what is used.
///
/// The file is hostile input. Nothing is allocated by a number it claims, beyond its header (which must fit the file)
/// and the tensors that the network needs (whose shapes are known beforehand).
package struct PretrainedFile: Sendable {
  package let match: PretrainedMatch
  /// By parameter name, all finite; Float whatever the file's element type.
  package let weights: Weights
  /// Of the whole file, 64 lower-case hex digits.
  package let sha256: String
  package let byteCount: Int

  /// The element types of the tensors that are used, such as `["F32"]`.
  package var elementTypes: [String] { Set(match.used.map(\.entry.type.rawValue)).sorted() }

  private static let chunk = 4 << 20

  /// Reads and checks a file; blocks for as long as the disk needs.
  ///
  /// - Parameters:
  ///   - progress: told the bytes read so far and in all, on the calling thread, after every few megabytes.
  ///   - isCancelled: asked as often; once true, reading ends with `CancellationError`.
  package static func read(
    _ path: String, as network: PretrainedNetwork,
    progress: (_ read: Int, _ total: Int) -> Void = { _, _ in }, isCancelled: () -> Bool = { false }
  ) throws -> PretrainedFile {
    let source = try FileSource(path)
    var done = 0
    func take(_ target: UnsafeMutableRawBufferPointer) throws {
      var at = 0
      while at < target.count {
        if isCancelled() { throw CancellationError() }
        let part = UnsafeMutableRawBufferPointer(rebasing: target[at..<min(at + chunk, target.count)])
        try source.fill(part)
        at += part.count
        done += part.count
        progress(done, source.byteCount)
      }
    }
    func bytes(_ count: Int) throws -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: count)
      try bytes.withUnsafeMutableBytes { try take($0) }
      return bytes
    }

    var head = try bytes(min(8, source.byteCount))
    if let refusal = ForeignFile.refusal(of: path, head) { throw refusal }
    let entries: [Safetensors.Entry]
    do {
      let start = try head.withUnsafeBytes {
        try Safetensors.dataStart(prefix: $0, fileByteCount: source.byteCount)
      }
      head += try bytes(start - head.count)
      entries = try head.withUnsafeBytes { try Safetensors(head: $0, fileByteCount: source.byteCount).entries }
    } catch let error as SafetensorsError {
      throw ImportError(.malformed, "\(path) is no sound safetensors file: \(error)")
    }
    head = []
    let match = try PretrainedMatch(entries, of: network, file: path)

    // Entries follow each other without gaps to the end of the file, which the header's parser has made sure of.
    let used = Dictionary(uniqueKeysWithValues: match.used.map { ($0.entry.name, $0) })
    var weights: Weights = [:]
    var scratch: [UInt8] = []
    for entry in entries {
      if let use = used[entry.name] {
        weights[use.parameter.name] = try tensor(use, file: path, take)
      } else {
        scratch = [UInt8](repeating: 0, count: min(chunk, entry.bytes.count))
        var left = entry.bytes.count
        while left > 0 {
          let part = min(left, scratch.count)
          try scratch.withUnsafeMutableBytes { try take(UnsafeMutableRawBufferPointer(rebasing: $0[..<part])) }
          left -= part
        }
      }
    }
    return PretrainedFile(
      match: match, weights: weights, sha256: Hex.encode(source.digest()), byteCount: source.byteCount)
  }

  /// Reads the next tensor; F32 straight into the memory it will be used from.
  private static func tensor(
    _ use: PretrainedMatch.Use, file: String, _ take: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws -> Tensor<Float> {
    let entry = use.entry
    let tensor: Tensor<Float>
    if entry.type == .float32 {
      tensor = try Tensor(uninitialized: entry.shape) { try take(UnsafeMutableRawBufferPointer($0)) }
    } else {
      let raw = UnsafeMutableRawBufferPointer.allocate(byteCount: entry.bytes.count, alignment: 64)
      defer { raw.deallocate() }
      try take(raw)
      do {
        tensor = try Safetensors.tensor(entry, from: UnsafeRawBufferPointer(raw))
      } catch {
        throw ImportError(.values, "\(file): \(error). These are no weights that were trained; take another file.")
      }
    }
    if let problem = problem(with: tensor, use.parameter) {
      throw ImportError(
        .values, "\(file): \(entry.name) holds \(problem). These are no weights that were trained; take another file.")
    }
    return tensor
  }

  private static func problem(with tensor: Tensor<Float>, _ parameter: Parameter) -> String? {
    tensor.withUnsafeBufferPointer { values in
      if !values.allSatisfy(\.isFinite) { return "NaN or infinity" }
      if parameter.role == .runningVariance, values.contains(where: { $0 < 0 }) { return "a variance below zero" }
      return nil
    }
  }
}
