internal import Foundation

/// The worst difference of one part of the program from its reference, for the table in `docs/recognition.md`.
///
/// A test gathers its differences with `include`, checks `isWithinTolerance` and publishes once. With the environment
/// variable LECTERN_REPORT_DEVIATIONS set, publishing prints one line to standard output,
/// `part<TAB>reference<TAB>tolerance<TAB>worst`; otherwise nothing. The table of all of them:
///
///     LECTERN_REPORT_DEVIATIONS=1 make test ROUNDS=numerics | awk -f Tests/DeviationReporting/deviations.awk
///
/// Lines of the same part, reference and tolerance (from several arguments of one test) are one row there, the worst.
package struct DeviationReport: Sendable {
  /// What is judged, such as `convolution backward, Float, max|Δ|/max|reference|`; it names the measure.
  package let part: String

  /// What it is judged by, with its version, such as `PyTorch 1.13.1 in float64`.
  package let reference: String

  /// The largest difference the test accepts.
  package let tolerance: Double

  /// The largest difference so far; infinite once one was NaN.
  package private(set) var worst = 0.0

  package init(_ part: String, against reference: String, tolerance: Double) {
    self.part = part
    self.reference = reference
    self.tolerance = tolerance
  }

  package mutating func include(_ difference: Double) {
    worst = max(worst, difference.isNaN ? .infinity : difference)
  }

  package var isWithinTolerance: Bool { worst <= tolerance }

  /// Prints the line where it is asked for. From any thread; lines are never mixed.
  package func publish() {
    guard ProcessInfo.processInfo.environment["LECTERN_REPORT_DEVIATIONS"] != nil else { return }
    let fields = [part, reference, String(format: "%.3g", tolerance), String(format: "%.3g", worst)]
    let line = fields.map { $0.filter { $0 != "\t" && $0 != "\n" } }.joined(separator: "\t")
    // One print is one write under the stream's lock; the flush keeps the line ahead of a crash.
    print(line)
    fflush(nil)
  }

  /// Publishes a difference that was gathered elsewhere.
  package static func publish(_ part: String, against reference: String, tolerance: Double, worst: Double) {
    var report = DeviationReport(part, against: reference, tolerance: tolerance)
    report.include(worst)
    report.publish()
  }
}
