import PlainText

/// What `lectern doctor` prints.
package struct DoctorReport {
  package let findings: [Finding]

  package init(_ findings: [Finding]) { self.findings = findings }

  /// Whether nothing is missing.
  package var isGood: Bool { !findings.contains { $0.state == .missing } }

  /// A line a finding, and one below it that says what to do.
  package var text: String {
    let width = findings.map(\.subject.count).max() ?? 0
    var text = ""
    for finding in findings {
      text += "\(finding.state.mark)  \(finding.subject.padded(to: width))  \(finding.detail)\n"
      if let remedy = finding.remedy { text += "      \("".padded(to: width))→ \(remedy)\n" }
    }
    return text
  }
}
