import Arguments

struct DatasetCommand: Command {
  static let configuration = CommandConfiguration(
    "dataset", abstract: "Make data sets of faces, divide them, and count what is in them.",
    subcommands: [
      DatasetImportCommand.self, DatasetSplitCommand.self, DatasetStatsCommand.self, DatasetSynthesizeCommand.self,
    ])
}
