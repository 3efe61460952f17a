import Foundation

/// What `lectern publish` prints when it is done.
package struct PublishSummary: Encodable {
  let published, failed, bytes: Int
  let seconds: Double
  let framesPerSecond: Double
  /// Of an interrupted run: how many frames it was to send, and how many it sent without an answer of the broker.
  let interrupted: Interruption?

  package struct Interruption: Encodable {
    let wanted, unanswered: Int

    package init(wanted: Int, unanswered: Int) { (self.wanted, self.unanswered) = (wanted, unanswered) }
  }

  package init(published: Int, failed: Int, bytes: Int, seconds: Double, interrupted: Interruption? = nil) {
    (self.published, self.failed, self.bytes, self.seconds) = (published, failed, bytes, seconds)
    framesPerSecond = (Double(published) / max(seconds, 0.001) * 10).rounded() / 10
    self.interrupted = interrupted
  }

  package var text: String {
    let rest = "\(bytes) bytes, \(String(format: "%.1f", seconds)) s\n"
    guard let interrupted else { return "\(published) frames published, \(rest)" }
    return "interrupted: \(published) of \(interrupted.wanted) frames published, "
      + "\(failed + interrupted.unanswered) not acknowledged, \(rest)"
  }
}
