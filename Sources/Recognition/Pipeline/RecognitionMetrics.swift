package import Telemetry

/// What recognition tells about itself:
/// - `lectern_recognition_stage_seconds{stage="decode|face|hog|sift|cnn|drsn"}`: one observation a frame that reached it;
/// - `lectern_recognition_faces_total{origin="hint|frontal|profile|reused|none"}`: frames by where their face came from;
/// - `lectern_recognition_face_looks_total{look="local|whole|further"}`: what finding them took;
/// - `lectern_recognition_failures_total`.
package struct RecognitionMetrics: Sendable {
  let decode: Histogram
  let face: Histogram
  let hog: Histogram
  let sift: Histogram
  let cnn: Histogram
  let drsn: Histogram
  let faces: FaceOriginCounters
  let looks: FaceLookCounters
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
    faces = FaceOriginCounters(registry: registry)
    looks = FaceLookCounters(registry: registry)
    failures = registry.counter(
      "lectern_recognition_failures_total", help: "Decoded frames that recognition could not analyse.")
  }
}

extension Histogram {
  /// Runs `body` and records its time, also when it throws.
  func timed<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    let start = ContinuousClock.now
    defer { observe(ContinuousClock.now - start) }
    return try body()
  }
}
