import Arguments

/// The program: one executable, its subcommands the parts of the system.
struct Lectern: Command {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    "lectern", abstract: "Learning analytics from consented webcam frames.",
    discussion: """
      Data goes to stdout, progress and logs to stderr. Exit codes: 0 done, 1 failed, 64 wrong command line,
      78 configuration refused. In the European Union, inferring emotions of people in education institutions is
      prohibited (AI Act, Article 5(1)(f)): a worker refuses to start there.
      """,
    version: "lectern \(version)",
    groups: [
      .init("Try it", [DemoCommand.self, DoctorCommand.self]),
      .init(
        "Run it",
        [MigrateCommand.self, WorkerCommand.self, AggregateCommand.self, ServeCommand.self, ReportCommand.self]),
      .init("Look closer", [ClassifyCommand.self, FeaturesCommand.self]),
      .init("Train it", [DatasetCommand.self, ModelCommand.self]),
      .init("Feed it", [EventsCommand.self, PublishCommand.self, CourseCommand.self]),
      .init("Answer to learners", [ConsentCommand.self, LearnerCommand.self, EraseCommand.self]),
      .init(
        "Look after it",
        [
          LedgerCommand.self, RejectsCommand.self, TopCommand.self, TapCommand.self, VerifyCommand.self,
          AuditCommand.self, ConfigCommand.self, CompletionCommand.self,
        ]),
    ])
}
