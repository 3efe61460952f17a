import Foundation
import Neural
import Recognition
import Tensors
import Testing

/// Bundles of every layout, attention and width.
@Suite struct BundleLayoutTests {
  @Test(arguments: ModelManifest.LayoutKind.allCases, Attention.allCases)
  func everyCombinationIsStoredAndLoaded(layout: ModelManifest.LayoutKind, attention: Attention) throws {
    try BundleFixture.withFolder { folder in
      let bundle = BundleFixture.bundle(BundleFixture.manifest(layout: layout, attention: attention))
      let saved = try bundle.save(to: "\(folder)/model")
      let loaded = try StoredBundle.load(from: "\(folder)/model")
      #expect(loaded.id == saved.id)
      #expect(loaded.bundle.manifest == saved.bundle.manifest)
      #expect(loaded.bundle.networkWeights == bundle.networkWeights)
      #expect(loaded.bundle.featureWeights == bundle.featureWeights)
      #expect(loaded.bundle.manifest.makeNetwork()?.inputShape == loaded.bundle.manifest.makeLayout().shape)
    }
  }

  @Test(arguments: ModelManifest.LayoutKind.allCases, Width.allCases)
  func networksReadWhatLayoutsWrite(layout: ModelManifest.LayoutKind, width: Width) throws {
    let manifest = BundleFixture.manifest(layout: layout, width: width)
    let network = try #require(manifest.makeNetwork())
    #expect(network.inputShape == manifest.makeLayout().shape)
    #expect(try network.outputShape(batch: 2) == [2, 6])
    let features = try manifest.makeFeatureNetwork().map { try $0.outputShape(batch: 1) }
    #expect(features == (layout.isFused ? [1, manifest.cnnChannels, 7, 7] : nil))
  }

  /// An image model neither carries VGG16 nor names it: 380 ms a frame for nothing otherwise.
  @Test func anImageModelHasNoFeatures() throws {
    try BundleFixture.withFolder { folder in
      let bundle = BundleFixture.bundle(BundleFixture.manifest(layout: .image))
      #expect(bundle.featureWeights.isEmpty)
      let folder = "\(folder)/model"
      _ = try bundle.save(to: folder)
      let text = try String(contentsOfFile: "\(folder)/model.json", encoding: .utf8)
      for key in ["feature_network", "hog_normalization", "bounds", "planes"] {
        #expect(text.contains("\"\(key)\" : null"), "\(key)")
      }
      #expect(!text.contains("vgg16"))
      let size = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/weights.safetensors")).count
      let parameters = bundle.manifest.makeNetwork()!.parameters.reduce(0) { $0 + $1.shape.count }
      #expect(size < 4 * parameters + 65_536)
    }
  }

  /// What the layout of a manifest does not fit is refused before anything is written.
  @Test func contradictionsAreNotWritten() throws {
    var cases: [(ModelManifest, String)] = []
    var manifest = BundleFixture.manifest(layout: .image)
    manifest.bounds = BundleFixture.bounds
    cases.append((manifest, "layout image reads no features"))
    manifest = BundleFixture.manifest(layout: .image)
    manifest.precision["vgg16"] = "fp32"
    cases.append((manifest, "layout image has a precision for net"))
    manifest = BundleFixture.manifest(layout: .grid)
    manifest.bounds = nil
    cases.append((manifest, "layout grid needs feature_network, hog_normalization and bounds"))
    manifest = BundleFixture.manifest(layout: .grid)
    manifest.planes = [.identity, .identity, .identity]
    cases.append((manifest, "layout grid has no planes"))
    manifest = BundleFixture.manifest(layout: .planes)
    manifest.planes = nil
    cases.append((manifest, "three means"))
    manifest = BundleFixture.manifest(layout: .planes)
    manifest.planes = [.identity, .identity]
    cases.append((manifest, "three means"))
    manifest = BundleFixture.manifest(layout: .grid)
    manifest.network = "vgg16"
    cases.append((manifest, "no network vgg16 in this program; it has resnet18, resnet18-se, drsn18"))
    try BundleFixture.withFolder { folder in
      for (manifest, text) in cases {
        let bundle = ModelBundle(manifest: manifest, featureWeights: [:], networkWeights: [:])
        let error = #expect(throws: BundleError.self) { try bundle.save(to: "\(folder)/model") }
        #expect(error?.message.contains(text) == true, "\(error?.message ?? "") lacks \(text)")
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(left.isEmpty)
    }
  }

  /// The weights of one layout's network are not another's.
  @Test func weightsOfAnotherLayoutAreRefused() throws {
    try BundleFixture.withFolder { folder in
      let bundle = ModelBundle(
        manifest: BundleFixture.manifest(layout: .grid), featureWeights: BundleFixture.bundle().featureWeights,
        networkWeights: BundleFixture.bundle().networkWeights)
      let error = #expect(throws: BundleError.self) { try bundle.save(to: "\(folder)/model") }
      #expect(error?.message.contains("drsn18-grid") == true, "\(error?.message ?? "")")
      let image = ModelBundle(
        manifest: BundleFixture.manifest(layout: .image), featureWeights: BundleFixture.bundle().featureWeights,
        networkWeights: BundleFixture.bundle().networkWeights)
      let surplus = #expect(throws: BundleError.self) { try image.save(to: "\(folder)/model") }
      #expect(surplus?.message.contains("holds vgg16.features.0.bias, which layout image does not use") == true)
    }
  }
}
