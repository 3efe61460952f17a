package import LearningEvents

/// The result of `lectern demo`.
package struct DemoSummary: Encodable {
  let framesPublished: Int
  let stored: Int64
  let rejected: Int64
  let duplicates: Int64
  /// Frames published and not accounted for.
  let lag: Int64
  let rejectsByCode: [String: Int64]
  let segments: Int
  let seconds: Double
  let framesPerSecond: Double
  let reportPath: String
  let url: String
  let syntheticFaces: Bool
  let trainedModel: Bool

  package init(
    published: Int, stored: Int64, rejected: Int64, duplicates: Int64, rejects: [(code: RejectCode, count: Int64)],
    segments: Int,
    seconds: Double, reportPath: String, url: String, isSynthetic: Bool, isTrained: Bool
  ) {
    framesPublished = published
    (self.stored, self.rejected, self.duplicates) = (stored, rejected, duplicates)
    lag = Int64(published) - stored - rejected - duplicates
    rejectsByCode = Dictionary(uniqueKeysWithValues: rejects.map { ($0.code.rawValue, $0.count) })
    self.segments = segments
    self.seconds = (seconds * 10).rounded() / 10
    framesPerSecond = (Double(published) / seconds * 100).rounded() / 100
    (self.reportPath, self.url) = (reportPath, url)
    (syntheticFaces, trainedModel) = (isSynthetic, isTrained)
  }

  package var addsUp: Bool { lag == 0 }

  package func text(isServing: Bool) -> String {
    let codes = rejectsByCode.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    var text = """

      published   \(framesPublished) frames
      stored      \(stored)
      rejected    \(rejected)\(codes.isEmpty ? "" : "  (\(codes))")
      duplicates  \(duplicates)
      rate        \(framesPerSecond) frames a second over \(seconds) s
      report      \(reportPath)

      """
    if !trainedModel {
      text += "The network is untrained: the figures show the software at work and say nothing about anyone.\n"
    }
    if syntheticFaces { text += "The faces are drawn; nobody is in them.\n" }
    if isServing { text += "\nopen \(url)    (Ctrl-C ends)\n" }
    return text
  }
}
