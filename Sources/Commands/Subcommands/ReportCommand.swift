import Arguments
import Configuration
import Foundation
package import Persistence
import PlainText
import Reports
import TextOutput

struct ReportCommand: Command {
  static let configuration = CommandConfiguration(
    "report", abstract: "Write course-interest reports.", subcommands: [Run.self, List.self])

  struct Run: Command {
    static let configuration = CommandConfiguration(
      "run", abstract: "Write the course-interest report of one course.",
      discussion: "HTML by default, with its charts inside; JSON with --json. Figures of small cohorts are left out.")

    @OptionGroup var database: DatabaseOptions
    @Argument(help: "the course's number, as 'lectern report list' prints it") var course: Int
    @Option(short: "o", help: "file to write; stdout without it", completion: .file) var output: String?
    @Flag(help: "write the report's figures as JSON") var json: Bool
    @Option(key: Keys.cohortMinimum) var cohortMinimum: Int?

    mutating func run(in environment: CommandEnvironment) async throws {
      let context = try CommandContext(self, in: environment, required: [Keys.postgresURL, Keys.region, Keys.purpose])
      let reporting = Reporting(context: context, gate: try context.requireDeployment(), framesAreSynthetic: false)
      guard let report = try await reporting.source.report(course: Int64(course)) else {
        throw UsageError("there is no course \(course); 'lectern report list' prints those there are")
      }
      let text = json ? String(decoding: try report.json(), as: UTF8.self) : CourseInterestPage(report).rendered()
      guard let output else {
        context.console.print(text)
        return
      }
      try Data(text.utf8).write(to: URL(fileURLWithPath: output), options: .atomic)
      context.console.note("wrote \(output)\n")
    }
  }

  struct List: Command {
    static let configuration = CommandConfiguration("list", abstract: "List the courses reports can be made of.")
    @OptionGroup var database: DatabaseOptions

    mutating func run(in environment: CommandEnvironment) async throws {
      let context = try CommandContext(self, in: environment, required: [Keys.postgresURL])
      let courses = try await context.withConnection(role: .reader, application: "report") { connection in
        try await ReportsRepository(connection: connection, reader: .deployment).courses()
      }
      context.console.print(CourseList.text(courses))
    }
  }
}

/// What `lectern report list` prints.
package enum CourseList {
  package static func text(_ courses: [ReportedCourse]) -> String {
    courses.map { "\($0.id)\t\($0.segments) segments\t\($0.title.printable)\n" }.joined()
  }
}
