import Arguments
import Configuration

/// `lectern doctor`
struct DoctorCommand: Command {
  static let configuration = CommandConfiguration(
    "doctor", abstract: "Say what is missing on this machine, and how to get it.",
    discussion: """
      Looks at what the demo needs, and at the servers that are configured. Changes nothing. Ends with 1 if something
      is missing.
      """)

  @OptionGroup var server: ServerOptions
  @Flag(help: "print JSON") var json: Bool

  mutating func run() async throws {
    let context = try CommandContext(self)
    let findings = await Examination(context: context).findings()
    if json {
      try Terminal.print(json: findings)
    } else {
      let width = findings.map(\.subject.count).max() ?? 0
      for finding in findings {
        let subject = finding.subject + String(repeating: " ", count: width - finding.subject.count)
        Terminal.print("\(finding.state.mark)  \(subject)  \(finding.detail)\n")
        if let remedy = finding.remedy { Terminal.print("      \(String(repeating: " ", count: width))→ \(remedy)\n") }
      }
    }
    if findings.contains(where: { $0.state == .missing }) { throw ExitCode.failure }
  }
}
