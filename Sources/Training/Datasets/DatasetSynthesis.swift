import Cryptography
package import Files
import LearningEvents
package import Recognition
import Services
package import Vision

/// Makes a data set of drawn faces, by the same face search as a real one.
///
/// **Synthetic**: see ``SyntheticFaceRenderer``. The set says so, and so does whatever is measured on it.
package struct DatasetSynthesis: Sendable {
  private let plan: SyntheticPlan
  private let encoder: any GrayImageEncoding
  private let finder: FaceFinder
  private let threads: StreamPool<ThreadExecutor>

  /// - Parameters:
  ///   - finder: without memory of sessions.
  ///   - streams: pictures in work at once.
  package init(_ plan: SyntheticPlan, encoder: any GrayImageEncoding, finder: FaceFinder, streams: Int) {
    (self.plan, self.encoder, self.finder) = (plan, encoder, finder)
    threads = StreamPool((0..<max(1, streams)).map { ThreadExecutor(name: "draw-\($0)") })
  }

  /// Draws every picture of the plan into a new folder. Cancelled, or failed, it leaves nothing.
  ///
  /// - Parameter progress: called with the number of pictures done.
  package func run(
    into folder: FilePath, name: String, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> DatasetImport.Summary {
    var writer = try DatasetWriter(folder, labels: .learningEmotions, encoder: encoder)
    try await threads.inOrder(plan.items) { thread, _, item in
      let face = try await thread.run { () throws in try plan.draw(item, finder: finder).face }
      return (item, face)
    } receive: { index, drawn in
      let (item, face) = drawn
      let image = String(Hex.encode(SHA256.hash(Array("\(plan.subjects.seed) \(item.name)".utf8))).prefix(32))
      let subject = "drawn-\(item.subject)"
      if let face, face.quality.isUsable {
        try writer.add(face, image: image, label: item.emotion.rawValue, subject: subject)
      } else {
        writer.leaveOut(
          LeftOutPicture(
            image: image, label: item.emotion.rawValue, subject: subject, reason: face == nil ? .noFace : .lowQuality))
      }
      progress(index + 1)
    }
    return try writer.finish(
      name: name, licence: "Apache-2.0 (drawn by Lectern)", consent: "nobody is on the pictures: all are drawn",
      subjects: .drawn)
  }
}
