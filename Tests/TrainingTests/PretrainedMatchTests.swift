import Neural
import Recognition
import Tensors
import Testing
import Training

/// Matching by names and shapes, with the real key lists of torchvision and timm.
@Suite struct PretrainedMatchTests {
  private static func match(_ model: String, _ network: PretrainedNetwork) throws -> PretrainedMatch {
    let entries = try PublishedKeys.entries(model)
    try #require(!entries.isEmpty)
    return try PretrainedMatch(entries, of: network, file: "w.safetensors")
  }

  @Test(arguments: [
    ("torchvision vgg16", PretrainedNetwork.NameScheme.torchvision, 6), ("timm vgg16", .timm, 6),
    ("timm vgg16 headless", .timm, 4),
  ])
  func `VGG16 is taken without its classifier`(
    _ row: (model: String, scheme: PretrainedNetwork.NameScheme, leftOut: Int)
  ) throws {
    let match = try Self.match(row.model, .vgg16)
    #expect(match.scheme == row.scheme)
    #expect(match.used.count == 26 && match.leftOut.count == row.leftOut)
    #expect(match.used.allSatisfy { $0.entry.name == $0.parameter.name && $0.entry.shape == $0.parameter.shape })
    #expect(match.used.reduce(0) { $0 + $1.entry.shape.count } == 14_714_688)
    #expect(match.leftOut.allSatisfy { $0.reason == .classifier })
  }

  @Test(arguments: ["torchvision resnet18", "timm resnet18"])
  func `ResNet-18 is taken without fc and counters`(model: String) throws {
    #expect(try PublishedKeys.entries(model).count == 122)
    let match = try Self.match(model, .resnet18)
    #expect(match.scheme == .either)
    #expect(match.used.count == 100)
    #expect(match.leftOut.filter { $0.reason == .classifier }.map(\.entry.name) == ["fc.weight", "fc.bias"])
    #expect(match.leftOut.count { $0.reason == .counter } == 20)
    // Every running statistic is among what is taken.
    #expect(match.used.count { $0.entry.name.hasSuffix(".running_var") } == 20)
  }

  @Test(arguments: [
    ("torchvision vgg16_bn", PretrainedNetwork.vgg16, "vgg16_bn"), ("timm vgg16_bn", .vgg16, "vgg16_bn"),
    ("torchvision vgg11", .vgg16, "looks like vgg11"), ("torchvision vgg19", .vgg16, "looks like vgg19"),
    ("torchvision resnet34", .resnet18, "looks like resnet34"), ("timm resnet34", .resnet18, "looks like resnet34"),
    ("torchvision resnet50", .resnet18, "looks like resnet50"), ("timm resnet50", .resnet18, "looks like resnet50"),
    ("torchvision resnet101", .resnet18, "resnet101"), ("torchvision resnet152", .resnet18, "resnet152"),
    ("timm resnet18d", .resnet18, "resnet18d"), ("timm seresnet18", .resnet18, "attention"),
    ("torchvision vgg16", .resnet18, "give it as --vgg16"), ("timm resnet18", .vgg16, "give it as --resnet18"),
    ("torchvision resnet50", .vgg16, "take vgg16"), ("torchvision vgg19", .resnet18, "take resnet18"),
  ])
  func `another network is refused, with what it looks like`(
    _ row: (model: String, wanted: PretrainedNetwork, says: String)
  ) throws {
    let error = #expect(throws: ImportError.self) { try Self.match(row.model, row.wanted) }
    #expect(error?.code == .network)
    let text = error?.description ?? ""
    #expect(text.contains(row.says) && text.contains("w.safetensors"), "\(text)")
  }

  private static func edited(
    _ model: String, _ network: PretrainedNetwork, _ edit: (inout [Safetensors.Entry]) -> Void
  ) throws -> ImportError? {
    var entries = try PublishedKeys.entries(model)
    edit(&entries)
    return #expect(throws: ImportError.self) {
      try PretrainedMatch(entries, of: network, file: "w.safetensors")
    }
  }

  private static func entry(
    _ name: String, _ shape: Shape, _ type: Safetensors.ElementType = .float32
  ) -> Safetensors.Entry {
    Safetensors.Entry(name: name, type: type, shape: shape, bytes: 0..<0)
  }

  @Test func `a missing tensor is named with its shape`() throws {
    let error = try Self.edited("torchvision resnet18", .resnet18) { entries in
      entries.removeAll { $0.name == "layer3.1.bn2.running_var" }
    }
    #expect(error?.code == .missing)
    #expect(error?.description.contains("w.safetensors lacks layer3.1.bn2.running_var [256]") == true)
    let several = try Self.edited("torchvision vgg16", .vgg16) { $0.removeAll { $0.name.hasPrefix("features.2") } }
    #expect(several?.description.contains("and 7 more tensors") == true, "\(several?.description ?? "")")
  }

  @Test func `an extra tensor is named, and cannot steer a terminal`() throws {
    let error = try Self.edited("timm vgg16", .vgg16) { $0.append(Self.entry("evil\u{1B}[2J", [3])) }
    #expect(error?.code == .unexpected)
    #expect(error?.description.contains(#"holds evil\u{1b}[2J [3], which"#) == true)
    // A counter is one only beside a batch norm.
    let counter = try Self.edited("timm resnet18", .resnet18) {
      $0.append(Self.entry("conv1.num_batches_tracked", [], .int64))
    }
    #expect(counter?.code == .unexpected)
  }

  @Test func `a misshapen tensor is named with both shapes`() throws {
    let error = try Self.edited("torchvision resnet18", .resnet18) { entries in
      let index = entries.firstIndex { $0.name == "conv1.weight" }!
      entries[index] = Self.entry("conv1.weight", [64, 1, 7, 7])
    }
    #expect(error?.code == .misshapen)
    #expect(error?.description.contains("conv1.weight as [64, 1, 7, 7]") == true)
    #expect(error?.description.contains("it is [64, 3, 7, 7]") == true)
  }

  @Test func `integers are no weights`() throws {
    let error = try Self.edited("torchvision vgg16", .vgg16) { entries in
      let index = entries.firstIndex { $0.name == "features.0.bias" }!
      entries[index] = Self.entry("features.0.bias", [64], .int64)
    }
    #expect(error?.code == .values)
    #expect(error?.description.contains("features.0.bias as I64") == true)
  }

  @Test func `other classes, wrappers, bundles and empty files are told apart`() throws {
    var fineTuned = try PublishedKeys.entries("torchvision resnet18")
    fineTuned.removeAll { $0.name.hasPrefix("fc.") }
    fineTuned += [Self.entry("fc.weight", [37, 512]), Self.entry("fc.bias", [37])]
    #expect(try PretrainedMatch(fineTuned, of: .resnet18, file: "w").leftOut.count == 22)
    // DataParallel's and torch.compile's.
    for prefix in ["module.", "_orig_mod."] {
      let wrapped = try Self.edited("torchvision resnet18", .resnet18) { entries in
        entries = entries.map { Self.entry("\(prefix)\($0.name)", $0.shape, $0.type) }
      }
      #expect(wrapped?.description.contains("begin with '\(prefix)'") == true)
    }
    let bundle = try Self.edited("torchvision resnet18", .resnet18) { entries in
      entries = entries.map { Self.entry("net.\($0.name)", $0.shape, $0.type) }
    }
    #expect(bundle?.description.contains("Lectern bundle") == true)
    let empty = try Self.edited("torchvision resnet18", .resnet18) { $0 = [] }
    #expect(empty?.description.contains("no tensors at all") == true)
  }

  @Test(arguments: [
    (ModelManifest.LayoutKind.planes, [PretrainedNetwork.vgg16], "needs --resnet18 FILE"),
    (.planes, [], "needs --vgg16 FILE and --resnet18 FILE"), (.image, [], "needs --resnet18 FILE"),
    (.image, [.vgg16, .resnet18], "no place for --vgg16"), (.grid, [.vgg16, .resnet18], "no place for --resnet18"),
    (.grid, [.resnet18], "needs --vgg16 FILE"),
  ])
  func `a layout says which files it needs`(
    _ row: (layout: ModelManifest.LayoutKind, given: [PretrainedNetwork], says: String)
  ) {
    let files = Dictionary(uniqueKeysWithValues: row.given.map { ($0, "file") })
    let error = #expect(throws: ImportError.self) {
      try PretrainedImport(files: files, attention: .shrinkage, layout: row.layout, seed: 1)
    }
    #expect(error?.code == .arguments && error?.description.contains(row.says) == true, "\(row)")
  }
}
