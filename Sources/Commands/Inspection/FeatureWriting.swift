import LearningEvents
import PlainText
import Recognition
import TextOutput

/// Looks at pictures, several at once, writes their rows in order and prints the list of rows.
struct FeatureWriting {
  let file: FeatureFile
  let inspector: Inspector
  let stages: Bool
  let box: FaceBox?
  let printsJSON: Bool
  let context: CommandContext

  /// How many could not be read as pictures, and how many have an answer.
  func run(_ entries: [PictureList.Entry]) async throws -> (failed: Int, classified: Int) {
    let progress = context.progress(total: entries.count, isWanted: !context.console.output.isTerminal)
    var (failed, classified) = (0, 0)
    if !printsJSON { context.console.print("row  status       sha256        file\n") }
    let (inspector, box, detail) = (inspector, box, Inspector.Detail(tellsStages: stages))
    try await inspector.streams.inOrder(entries) { stream, _, entry in
      try await InspectedPicture.look(at: entry, box: box, with: inspector, detail, on: stream)
    } receive: { index, picture in
      try file.append(picture)
      if !picture.status.isPicture { failed += 1 }
      if picture.status == .sample(.classified) { classified += 1 }
      try report(picture, row: index)
      progress.update(done: index + 1, note: "written")
    }
    progress.finish()
    return (failed, classified)
  }

  private struct Line: Encodable {
    let row: Int
    let status: InspectedPicture.Status
    let sha256, problem: String?
    let file: String
  }

  private func report(_ picture: InspectedPicture, row: Int) throws {
    if printsJSON {
      return try context.console.printLine(
        json: Line(
          row: row, status: picture.status, sha256: picture.sha256, problem: picture.problem, file: picture.path))
    }
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(0, width - text.count))
    }
    let number = String(row)
    let problem = picture.problem.map { ": \($0.printable)" } ?? ""
    context.console.print(
      "\(String(repeating: " ", count: max(0, 3 - number.count)))\(number)  \(padded(picture.status.name, 11))  "
        + "\(padded(String(picture.sha256?.prefix(12) ?? "-"), 12))  \(picture.path.printable)\(problem)\n")
  }
}
