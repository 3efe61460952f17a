import Cryptography
import Foundation
import Neural
import OneDNN
import OpenCV
import Recognition
import Synchronization
import Tensors
import Testing
import Training

/// Whole files with made-up numbers in real shapes, from reading them to the bundle.
@Suite(.serialized) struct PretrainedFileTests {
  /// Numbers for torchvision's resnet18, fc and all.
  private static let trunk = Weights.seeded(for: .resnet18(classes: 1000), seed: 7, .varied)

  /// torchvision's resnet18 with these numbers, in the order and with the counters of its state_dict.
  private static func resnet(replacing replaced: [String: Tensor<Float>] = [:]) throws -> WeightFile {
    var file = WeightFile()
    for entry in try PublishedKeys.entries("torchvision resnet18") {
      if let tensor = replaced[entry.name] ?? trunk[entry.name] {
        file.append(entry.name, tensor)
      } else {
        file.append(entry.name, "I64", [], bytes: [9, 0, 0, 0, 0, 0, 0, 0])
      }
    }
    return file
  }

  private static func write(_ bytes: [UInt8], _ name: String, in folder: URL) throws -> String {
    let url = folder.appendingPathComponent(name)
    try Data(bytes).write(to: url)
    return url.path
  }

  @Test func `a file is read bit for bit, hashed whole, and its progress told`() async throws {
    try await withTemporaryFolder { folder in
      let bytes = try Self.resnet().bytes
      let path = try Self.write(bytes, "resnet18.safetensors", in: folder)
      var seen: [Int] = []
      let file = try PretrainedFile.read(
        path, as: .resnet18,
        progress: { done, total in
          #expect(total == bytes.count)
          seen.append(done)
        })
      #expect(seen == seen.sorted() && seen.last == bytes.count)
      #expect(file.sha256 == Hex.encode(SHA256.hash(bytes)))
      #expect(file.byteCount == bytes.count && file.elementTypes == ["F32"])
      #expect(file.weights.count == 100)
      for (name, tensor) in file.weights { #expect(tensor == Self.trunk[name], "\(name)") }
    }
  }

  @Test(arguments: ["F16", "BF16", "F64"])
  func `other element types become Float`(type: String) async throws {
    try await withTemporaryFolder { folder in
      var file = WeightFile()
      for entry in try PublishedKeys.entries("timm resnet18") where entry.type == .float32 {
        // 2⁻³ and −3·2⁻³ are exact in every type.
        let (a, b): ([UInt8], [UInt8]) =
          switch type {
          case "F16": ([0x00, 0x30], [0x00, 0xB6])
          case "BF16": ([0x00, 0x3E], [0xC0, 0xBE])
          default: ([0, 0, 0, 0, 0, 0, 0xC0, 0x3F], [0, 0, 0, 0, 0, 0, 0xD8, 0xBF])
          }
        let unit = entry.name.hasSuffix("running_var") ? a : b
        var bytes = [UInt8](repeating: 0, count: unit.count * entry.shape.count)
        for index in bytes.indices { bytes[index] = unit[index % unit.count] }
        file.append(entry.name, type, entry.shape.dimensions, bytes: bytes)
      }
      let read = try PretrainedFile.read(
        Self.write(file.bytes, "resnet18.safetensors", in: folder), as: .resnet18)
      #expect(read.elementTypes == [type])
      let variance = try #require(read.weights["bn1.running_var"])
      let last = try #require(read.weights["layer4.1.conv2.weight"])
      #expect(variance.elements.allSatisfy { $0 == 0.125 })
      #expect(last.shape == [512, 512, 3, 3] && last[0] == -0.375 && last[last.count - 1] == -0.375)
    }
  }

  @Test(arguments: [
    ([UInt8]("PK\u{3}\u{4}\0\0\0\0\0\0".utf8), "a zip archive"),
    ([0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46], "pickle"),
    ([0x80, 4, 0x95, 0, 0, 0, 0, 0, 0], "pickle"), ([0x89] + Array("HDF\r\n\u{1A}\n".utf8), "HDF5"),
    ([0x1F, 0x8B, 8, 0, 0, 0, 0, 0], "gzip"), (Array("version https://git-lfs".utf8), "git lfs pull"),
    (Array("<!DOCTYPE html>".utf8), "web page"),
  ])
  func `files of other formats are called by their name`(_ row: (bytes: [UInt8], says: String)) async throws {
    try await withTemporaryFolder { folder in
      let path = try Self.write(row.bytes, "vgg16.pth", in: folder)
      let error = #expect(throws: ImportError.self) { try PretrainedFile.read(path, as: .vgg16) }
      #expect(error?.code == .format && error?.description.contains(row.says) == true)
      #expect(error?.description.contains(path) == true)
      if row.says == "a zip archive" || row.says == "pickle" {
        #expect(error?.description.contains("safetensors.torch") == true)
      }
    }
  }

  @Test func `damaged files are refused by what is wrong`() async throws {
    try await withTemporaryFolder { folder in
      func refused(_ bytes: [UInt8]) throws -> ImportError? {
        let path = try Self.write(bytes, "w.safetensors", in: folder)
        return #expect(throws: ImportError.self) { try PretrainedFile.read(path, as: .resnet18) }
      }
      let good = try Self.resnet().bytes
      #expect(try refused([])?.code == .malformed)
      #expect(try refused(Array(good.prefix(100)))?.code == .malformed)
      #expect(try refused(Array(good.dropLast(4)))?.code == .malformed)
      #expect(try refused(good + [0])?.code == .malformed)
      var broken = try #require(Self.trunk["layer2.0.bn1.weight"])
      broken[5] = .nan
      let nan = try refused(try Self.resnet(replacing: ["layer2.0.bn1.weight": broken]).bytes)
      #expect(nan?.code == .values && nan?.description.contains("layer2.0.bn1.weight holds NaN") == true)
      var negative = try #require(Self.trunk["bn1.running_var"])
      negative[0] = -1
      let variance = try refused(try Self.resnet(replacing: ["bn1.running_var": negative]).bytes)
      #expect(variance?.description.contains("bn1.running_var holds a variance below zero") == true)
      let missing = #expect(throws: ImportError.self) {
        try PretrainedFile.read("\(folder.path)/nothing.safetensors", as: .resnet18)
      }
      #expect(missing?.code == .file && missing?.description.contains("nothing.safetensors") == true)
      #expect(throws: ImportError.self) { try PretrainedFile.read(folder.path, as: .resnet18) }
    }
  }

  @Test func `reading stops when it is cancelled`() async throws {
    try await withTemporaryFolder { folder in
      let path = try Self.write(try Self.resnet().bytes, "resnet18.safetensors", in: folder)
      var asked = 0
      #expect(throws: CancellationError.self) {
        _ = try PretrainedFile.read(
          path, as: .resnet18,
          isCancelled: {
            asked += 1
            return asked > 5
          })
      }
      let plan = try PretrainedImport(
        files: [.resnet18: path], attention: .none, layout: .image, seed: 1)
      let reading = Task { try await plan.read() }
      reading.cancel()
      await #expect(throws: CancellationError.self) { try await reading.value }
    }
  }

  @Test(arguments: Attention.allCases)
  func `the trunk goes into each network, and all else is drawn and listed`(attention: Attention) throws {
    let network = Network.residual18(attention: attention)
    let imported = Self.trunk.filter { !$0.key.hasPrefix("fc.") }
    let filled = PretrainedWeights(filling: network, from: imported, seed: 3)
    try network.validate(filled.weights)
    for (name, tensor) in imported { #expect(filled.weights[name] == tensor, "\(name)") }
    let new = Set(filled.new.map(\.parameter.name))
    #expect(new.count == filled.new.count && new.union(imported.keys) == Set(network.parameters.map(\.name)))
    #expect(new.isSuperset(of: ["fc.weight", "fc.bias"]) && filled.weights["fc.weight"]?.shape == [6, 512])
    switch attention {
    case .none:
      #expect(new.count == 2 && filled.newBatchNorms.isEmpty)
    case .squeezeExcite:
      #expect(new.count == 2 + 8 * 4 && filled.newBatchNorms.isEmpty)
    case .shrinkage:
      #expect(new.count == 2 + 8 * 8 && filled.newBatchNorms.count == 8)
      #expect(filled.newBatchNorms.contains("layer4.1.shrink.bn"))
      #expect(filled.weights["layer1.0.shrink.fc2.bias"]?.elements == [Float](repeating: -2, count: 64))
      #expect(filled.new.first { $0.parameter.name == "layer1.0.shrink.fc2.bias" }?.start == "−2")
    }
    // The seed alone decides about the rest.
    #expect(PretrainedWeights(filling: network, from: imported, seed: 3).weights == filled.weights)
    #expect(
      PretrainedWeights(filling: network, from: imported, seed: 4).weights["fc.weight"] != filled.weights["fc.weight"])
  }

  @Test func `a bundle of layout image keeps imported statistics, measures new ones and says where it comes from`()
    async throws
  {
    try await withTemporaryFolder { folder in
      let bytes = try Self.resnet().bytes
      let path = try Self.write(bytes, "resnet18.safetensors", in: folder)
      let plan = try PretrainedImport(files: [.resnet18: path], attention: .shrinkage, layout: .image, seed: 5)
      let maker = BundleMaker(
        detector: try CascadeFaceDetector(), describer: SiftDescriber(), compiler: StreamGroup(streams: 2))
      let stages = Mutex<[String]>([])
      let result = try await plan.run(maker: maker) { progress in
        stages.withLock { if $0.last != progress.stage { $0.append(progress.stage) } }
      }
      #expect(stages.withLock(\.self) == ["Reading resnet18", "Rendering faces", "Measuring the network"])
      #expect(result.bundle.manifest.trained == false && result.bundle.manifest.evaluation == nil)
      #expect(result.new.count == 66 && result.files.count == 1)
      let stored = try result.bundle.save(to: folder.appendingPathComponent("model").path)
      let loaded = try StoredBundle.load(from: stored.folder).bundle
      #expect(loaded.featureWeights.isEmpty)
      for (name, tensor) in Self.trunk where !name.hasPrefix("fc.") {
        #expect(loaded.networkWeights[name] == tensor, "\(name)")
      }
      let mean = try #require(loaded.networkWeights["layer1.0.shrink.bn.running_mean"])
      #expect(mean.elements.contains { $0 != 0 })
      // The last layer is as it was drawn: training starts from it.
      #expect(loaded.networkWeights["fc.bias"]?.elements == [0, 0, 0, 0, 0, 0])
      let source = ModelProvenance.Source(
        network: "resnet18", names: "torchvision or timm", elementTypes: ["F32"],
        fileSHA256: Hex.encode(SHA256.hash(bytes)))
      #expect(loaded.manifest.provenance == ModelProvenance(sources: [source], seed: 5))
    }
  }
}
