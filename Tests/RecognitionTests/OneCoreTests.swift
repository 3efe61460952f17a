import Foundation
import Testing

/// There is one function from a face to features, `FeatureExtractor.features(of:)`, and one from features to a
/// distribution, `BundleClassifier.answers(to:)`. Workers, `classify`, `features`, the making of bundles, import and
/// training call them, so that a model is trained, measured and run on the same numbers.
///
/// A second way would have to do one of the steps below itself. Each step may be taken in the files that are named, and
/// in no other file of the product. Who adds a file here either has a good reason or is writing recognition a second
/// time.
@Suite struct OneCoreTests {
  /// A step of recognition: what a source that takes it has to say, and the files and folders under `Sources` that take
  /// it.
  struct Step: Sendable, CustomTestStringConvertible {
    let name: String
    let pattern: String
    let files: Set<String>
    var testDescription: String { name }
  }

  private static let steps = [
    Step(
      name: "describe keypoints", pattern: #"\.describe\("#, files: ["Recognition/Pipeline/FeatureExtractor.swift"]),
    Step(
      name: "put descriptors on the grid", pattern: #"\bKeypointGrid\("#,
      // The drawing shows which keypoints were kept.
      files: ["Recognition/Pipeline/FeatureExtractor.swift", "Vision/Drawing/FaceOverlay+Panels.swift"]),
    Step(
      name: "compute HOG", pattern: #"\bHistogramOfGradients\("#, files: ["Recognition/Pipeline/FeatureExtractor.swift"]
    ),
    Step(
      name: "hold a compiled network", pattern: #"\bNetworkRunning\b"#,
      files: [
        "Neural/NetworkRunning.swift", "OneDNN/StreamGroup.swift", "Recognition/Pipeline/BundleNetworks.swift",
        "Recognition/Pipeline/FeatureExtractor.swift", "Recognition/Pipeline/BundleClassifier.swift",
        // The taps of networks, beside the answer.
        "Recognition/Inspection/Inspector.swift",
        // Hands VGG16 to an extractor.
        "Training/BundleMaker.swift",
      ]),
    // Compiled networks are run through `NetworkRunning` alone.
    Step(name: "run a network on its stream", pattern: #"\bComputeStream\b"#, files: ["OneDNN/"]),
    Step(
      name: "make features", pattern: #"\bFrameFeatures\("#,
      files: [
        "Recognition/Pipeline/FeatureExtractor.swift", "Recognition/Features/FrameFeatures.swift",
        "Recognition/Features/FrameFeatures+Drop.swift", "Recognition/Features/NetworkInput.swift",
      ]),
    Step(
      name: "normalise by bounds", pattern: #"\.fused\((?!taps)"#,
      // The inspector shows the fused features that the classifier was given.
      files: ["Recognition/Features/FeatureFusion.swift", "Recognition/Inspection/Inspector.swift"]),
    Step(
      name: "lay features out", pattern: #"\bFeatureFusion\("#,
      // Batch norms are measured before there is a classifier.
      files: ["Recognition/Pipeline/BundleClassifier.swift", "Training/BundleMaker.swift"]),
    Step(
      name: "turn logits into probabilities", pattern: #"/ temperature\b"#,
      files: ["Recognition/Pipeline/BundleClassifier.swift"]),
    Step(
      name: "make a distribution of probabilities", pattern: #"\bEmotionDistribution\(probabilities:"#,
      files: ["Recognition/Pipeline/BundleClassifier.swift"]),
  ]

  @Test(arguments: steps)
  func `a step of recognition is taken in one place`(_ step: Step) throws {
    let expression = try NSRegularExpression(pattern: step.pattern)
    let found = try Self.sources().filter { _, text in
      expression.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
    }
    let places = found.map { file in step.files.first { $0.hasSuffix("/") && file.path.hasPrefix($0) } ?? file.path }
    #expect(Set(places) == step.files)
  }

  /// Every Swift file under `Sources` without its comments, by its path there.
  private static func sources() throws -> [(path: String, text: String)] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Sources")
      .standardizedFileURL
    let files = try #require(FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil))
    return try files.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }.map { file in
      let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
      let code = lines.map { line in line.range(of: "//").map { line[..<$0.lowerBound] } ?? line[...] }
      return (String(file.path.dropFirst(root.path.count + 1)), code.joined(separator: "\n"))
    }
  }
}
