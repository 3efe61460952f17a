import Foundation

/// What `lectern publish` prints when it is done.
package struct PublishSummary: Encodable {
  let published, failed, bytes: Int
  let seconds: Double
  let framesPerSecond: Double

  package init(published: Int, failed: Int, bytes: Int, seconds: Double) {
    (self.published, self.failed, self.bytes, self.seconds) = (published, failed, bytes, seconds)
    framesPerSecond = (Double(published) / max(seconds, 0.001) * 10).rounded() / 10
  }

  package var text: String {
    "\(published) frames published, \(bytes) bytes, \(String(format: "%.1f", seconds)) s\n"
  }
}
