import JSON

extension Safetensors {
  /// The bytes of a safetensors file: the same for the same tensors and metadata, whatever the order they came in.
  ///
  /// Tensors and metadata are sorted by name; the header is padded with spaces so that the data begins at a multiple of
  /// 64 bytes, and a mapped file needs no copy.
  package static func encode(_ tensors: Weights, metadata: [String: String] = [:]) -> [UInt8] {
    let names = tensors.keys.sorted(by: precedes)
    var header = header(names.map { ($0, tensors[$0]?.shape ?? []) }, metadata: metadata)
    while (header.count + 8) % 64 != 0 { header.append(UInt8(ascii: " ")) }

    var file: [UInt8] = []
    file.reserveCapacity(8 + header.count + tensors.values.reduce(0) { $0 + $1.count * 4 })
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { file.append(contentsOf: $0) }
    file.append(contentsOf: header)
    for name in names {
      tensors[name]?.withUnsafeBufferPointer { file.append(contentsOf: UnsafeRawBufferPointer($0)) }
    }
    return file
  }

  /// The JSON of a header for F32 tensors whose data follow each other in this order, without the length before it and
  /// without padding; any number of spaces may follow it.
  package static func header(
    _ tensors: [(name: String, shape: Shape)], metadata: [String: String] = [:]
  ) -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      let texts = metadata.keys.sorted(by: precedes).map {
        "\(JSONText.quoted($0)):\(JSONText.quoted(metadata[$0] ?? ""))"
      }
      members.append("\"__metadata__\":{\(texts.joined(separator: ","))}")
    }
    var offset = 0
    for (name, shape) in tensors {
      precondition(name != "__metadata__", "a tensor cannot bear the name of the metadata")
      let extents = shape.dimensions.map(String.init).joined(separator: ",")
      let end = offset + shape.count * 4
      members.append(
        "\(JSONText.quoted(name)):{\"dtype\":\"F32\",\"shape\":[\(extents)],\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    return Array("{\(members.joined(separator: ","))}".utf8)
  }

  /// By UTF-8 bytes: Swift's own order of strings depends on the version of Unicode.
  private static func precedes(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
  }
}
