import Foundation
import Tensors

/// The tensors of published networks as torchvision and timm name them; see `Tests/Goldens/import/make_keys.py`.
struct PublishedKeys: Decodable {
  let models: [String: [Row]]

  /// `[name, shape, type]`.
  struct Row: Decodable {
    let name: String
    let shape: [Int]
    let type: String

    init(from decoder: any Decoder) throws {
      var values = try decoder.unkeyedContainer()
      name = try values.decode(String.self)
      shape = try values.decode([Int].self)
      type = try values.decode(String.self)
    }
  }

  static let all = Result {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try JSONDecoder().decode(
      PublishedKeys.self, from: Data(contentsOf: tests.appending(path: "Goldens/import/keys.json")))
  }

  /// The entries of a file that holds one of the models, such as `torchvision vgg16`.
  static func entries(_ model: String) throws -> [Safetensors.Entry] {
    try (all.get().models[model] ?? []).map { row in
      let type = Safetensors.ElementType(rawValue: row.type)!
      return Safetensors.Entry(name: row.name, type: type, shape: Shape(row.shape), bytes: 0..<0)
    }
  }
}

/// A safetensors file made on the fly, with tensors of any type.
struct WeightFile {
  /// Text of the header's members, and the bytes of the tensors.
  private var members: [String] = []
  private var data: [UInt8] = []

  mutating func append(_ name: String, _ type: String, _ shape: [Int], bytes: [UInt8]) {
    let extents = shape.map(String.init).joined(separator: ",")
    let end = data.count + bytes.count
    members.append("\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":[\(extents)],\"data_offsets\":[\(data.count),\(end)]}")
    data += bytes
  }

  mutating func append(_ name: String, _ tensor: Tensor<Float>) {
    append(
      name, "F32", tensor.shape.dimensions, bytes: tensor.withUnsafeBufferPointer { Array(UnsafeRawBufferPointer($0)) })
  }

  var bytes: [UInt8] {
    let header = Array("{\(members.joined(separator: ","))}".utf8)
    return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header + data
  }
}

/// A folder of its own that is gone afterwards.
func withTemporaryFolder<Value>(_ body: (URL) async throws -> Value) async throws -> Value {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lectern-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(folder)
}
