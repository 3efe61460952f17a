import Arguments
import Configuration
import Files
package import Persistence
import PlainText
import Reports
import Services
import TextOutput

struct ReportCommand: Command {
  static let configuration = CommandConfiguration(
    "report", abstract: "Write course-interest reports.", subcommands: [Run.self, List.self])

  struct Run: Command {
    static let configuration = CommandConfiguration(
      "run", abstract: "Write the course-interest report of one course.",
      discussion: "HTML by default, with its charts inside; JSON with --json. Figures of small cohorts are left out.")

    @OptionGroup var database: DatabaseOptions
    @Argument(help: "the course's number, as 'lectern report list' prints it") var course: CourseNumber
    @Option(short: "o", help: "file to write; stdout without it", completion: .file) var output: FilePath?
    @Flag(help: "write the report's figures as JSON") var json: Bool
    @Option(key: Keys.cohortMinimum) var cohortMinimum: Int?

    mutating func run(in environment: CommandEnvironment) async throws {
      let context = try CommandContext(
        self, in: environment, servers: [.postgres], required: [Keys.postgresURL, Keys.region, Keys.purpose])
      let reporting = Reporting(context: context, gate: try context.requireDeployment(), framesAreSynthetic: false)
      guard let report = try await reporting.source.report(course: course.value) else {
        throw UsageError("there is no course \(course.value); 'lectern report list' prints those there are")
      }
      let text = json ? String(decoding: try report.json(), as: UTF8.self) : CourseInterestPage(report).rendered()
      guard let output else {
        context.console.print(text)
        return
      }
      try await ThreadExecutor(name: "output").run { () throws(OutputError) in
        try OutputFile.write(text.utf8, to: output, .report)
      }
      context.console.note("wrote \(output.text.printable)\n")
    }
  }

  struct List: Command {
    static let configuration = CommandConfiguration("list", abstract: "List the courses reports can be made of.")
    @OptionGroup var database: DatabaseOptions

    mutating func run(in environment: CommandEnvironment) async throws {
      let context = try CommandContext(self, in: environment, servers: [.postgres], required: [Keys.postgresURL])
      let courses = try await context.withConnection(role: .reader, application: "report") { connection in
        try await ReportsRepository(connection: connection, reader: .deployment).courses()
      }
      context.console.print(CourseList.text(courses))
    }
  }
}

extension OutputFile.Access {
  /// Figures of a course: a new file is its owner's alone, and whoever opened it to others finds it so again.
  static let report = OutputFile.Access.asReplaced(new: 0o600)
}

/// What `lectern report list` prints.
package enum CourseList {
  package static func text(_ courses: [ReportedCourse]) -> String {
    courses.map { "\($0.id)\t\($0.segments) segments\t\($0.title.printable)\n" }.joined()
  }
}
