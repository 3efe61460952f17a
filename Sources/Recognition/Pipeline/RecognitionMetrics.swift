package import Telemetry

/// What recognition tells about itself:
/// - `lectern_recognition_stage_seconds{stage="decode|face|hog|sift|cnn|drsn"}`: one observation a frame that reached
///   it;
/// - `lectern_recognition_faces_total{origin="hint|frontal|profile|reused|none"}`: frames by where their face came
///   from;
/// - `lectern_recognition_face_looks_total{look="local|whole|further"}`: what finding them took;
/// - `lectern_recognition_failures_total`.
///
/// Every part of recognition takes it as an optional observer and computes the same without it.
package struct RecognitionMetrics: Sendable {
  enum Stage: String, CaseIterable { case decode, face, hog, sift, cnn, drsn }

  private let stages: [Stage: Histogram]
  private let faces: [FoundFace.Origin?: Counter]
  private let looks: [Look: Counter]
  /// Pictures that a library or network failed on though they had been decoded.
  let failures: Counter

  package init(registry: MetricsRegistry) {
    stages = Self.each(Stage.allCases) { stage in
      registry.histogram(
        "lectern_recognition_stage_seconds", help: "Time one frame spends in a stage of recognition.",
        labels: ["stage": stage.rawValue])
    }
    faces = Self.each(FoundFace.Origin.allCases + [nil]) { origin in
      registry.counter(
        "lectern_recognition_faces_total", help: "Decoded frames by where their face came from.",
        labels: ["origin": origin?.rawValue ?? "none"])
    }
    looks = Self.each(Look.allCases) { look in
      registry.counter(
        "lectern_recognition_face_looks_total", help: "Searches for faces by how much of a picture they look at.",
        labels: ["look": look.rawValue])
    }
    failures = registry.counter(
      "lectern_recognition_failures_total", help: "Decoded frames that recognition could not analyse.")
  }

  private static func each<Key: Hashable, Metric>(_ keys: [Key], _ metric: (Key) -> Metric) -> [Key: Metric] {
    Dictionary(uniqueKeysWithValues: keys.map { ($0, metric($0)) })
  }

  /// How much of a picture a search looks at. A local look that was not followed by a whole one found its face.
  enum Look: String, CaseIterable {
    /// Where the session's last frame had its face.
    case local
    case whole
    /// The whole picture in other ways as well, because the first one found nobody.
    case further
  }

  subscript(stage: Stage) -> Histogram? { stages[stage] }

  /// - Parameter origin: nil where no face was found.
  func count(_ origin: FoundFace.Origin?) { faces[origin]?.increment() }

  func count(_ look: Look) { looks[look]?.increment() }
}

extension Histogram? {
  /// Runs `body` and records its time, also when it throws; without a histogram it reads no clock.
  func timed<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    guard let self else { return try body() }
    let start = ContinuousClock.now
    defer { self.observe(ContinuousClock.now - start) }
    return try body()
  }

  /// The same for work that suspends.
  func timed<Result>(_ body: () async throws -> Result) async throws -> Result {
    guard let self else { return try await body() }
    let start = ContinuousClock.now
    defer { self.observe(ContinuousClock.now - start) }
    return try await body()
  }
}
