package import Telemetry

/// What recognition tells about itself:
/// - `lectern_recognition_stage_seconds{stage="decode|face|hog|sift|cnn|drsn"}`: one observation a frame that reached it;
/// - `lectern_recognition_faces_total{origin="hint|frontal|profile|reused|none"}`: frames by where their face came from;
/// - `lectern_recognition_face_looks_total{look="local|whole|further"}`: what finding them took;
/// - `lectern_recognition_failures_total`.
///
/// Every part of recognition takes it as an optional observer and computes the same without it.
package struct RecognitionMetrics: Sendable {
  let decode: Histogram
  let face: Histogram
  let hog: Histogram
  let sift: Histogram
  let cnn: Histogram
  let drsn: Histogram
  let faces: Faces
  let looks: Looks
  /// Pictures that a library or network failed on though they had been decoded.
  let failures: Counter

  package init(registry: MetricsRegistry) {
    func stage(_ name: String) -> Histogram {
      registry.histogram(
        "lectern_recognition_stage_seconds", help: "Time one frame spends in a stage of recognition.",
        labels: ["stage": name])
    }
    decode = stage("decode")
    face = stage("face")
    hog = stage("hog")
    sift = stage("sift")
    cnn = stage("cnn")
    drsn = stage("drsn")
    faces = Faces(registry: registry)
    looks = Looks(registry: registry)
    failures = registry.counter(
      "lectern_recognition_failures_total", help: "Decoded frames that recognition could not analyse.")
  }

  /// Decoded frames by where their face came from.
  struct Faces: Sendable {
    private let origins: [FoundFace.Origin: Counter]
    private let none: Counter

    init(registry: MetricsRegistry) {
      func counter(_ origin: String) -> Counter {
        registry.counter(
          "lectern_recognition_faces_total", help: "Decoded frames by where their face came from.",
          labels: ["origin": origin])
      }
      origins = Dictionary(uniqueKeysWithValues: FoundFace.Origin.allCases.map { ($0, counter($0.rawValue)) })
      none = counter("none")
    }

    /// - Parameter origin: nil where no face was found.
    func count(_ origin: FoundFace.Origin?) { (origin.flatMap { origins[$0] } ?? none).increment() }
  }

  /// Searches for faces by how much they look at. A local look that was not followed by a whole one found its face.
  struct Looks: Sendable {
    /// Where the session's last frame had its face.
    let local: Counter
    /// The whole picture.
    let whole: Counter
    /// The whole picture in other ways as well, because the first one found nobody.
    let further: Counter

    init(registry: MetricsRegistry) {
      func counter(_ look: String) -> Counter {
        registry.counter(
          "lectern_recognition_face_looks_total", help: "Searches for faces by how much of a picture they look at.",
          labels: ["look": look])
      }
      local = counter("local")
      whole = counter("whole")
      further = counter("further")
    }
  }
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
