import Telemetry

/// `lectern_recognition_faces_total`: decoded frames by where their face came from.
struct FaceOriginCounters: Sendable {
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

/// `lectern_recognition_face_looks_total`: searches for faces by how much they look at. A local look that was not followed
/// by a whole one found its face.
struct FaceLookCounters: Sendable {
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
