import Arguments
import Configuration
import Files
import ImageTypes
import Recognition
import TextOutput

struct ClassifyCommand: Command {
  static let configuration = CommandConfiguration(
    "classify", abstract: "Say what the model answers to pictures, and what it saw.",
    discussion: """
      A line a picture: the label, the six probabilities in percent, the face's quality and box (width x height + left +
      top, in pixels), how many faces were seen and what found the one that counts: frontal or profile look, or the
      --face-box. The answer is the worker's for the same bytes and box, to the last digit (within a
      session a worker looks near the last frame's face, whose box may differ by a few pixels). Folders are looked through, several
      deep. Nothing is stored or sent.

      A picture without a usable face has no answer: no_face or low_quality. One that cannot be read is a line with its
      reason too (bad_image, too_large, decoder_crash where memory does not suffice, unreadable), and the command ends
      with 1 after all others were answered. Unlike a worker's, pictures are decoded in this process.

      --explain drops each family of features in turn: its normalised values are replaced by its mean (of the training
      part for layout planes, of this face for grid), and the change of the winning label's probability is told; and it
      tells the mean shrinkage threshold of each stage. It says what this network's answer hung on, nothing more.

      --overlay draws: the picture with its face; the crop with grid and keypoints, those kept in orange; the HOG glyphs;
      the probabilities. For several pictures OUT-1.png and so on, by line.

      --json prints one object a picture, one a line, with "trained": false where the network knows nothing.
      """)

  @OptionGroup var options: InspectionOptions
  @Argument(help: "\(ImageType.names("and")) files, or folders of them", value: "image", completion: .file) var image:
    [FilePath]
  @Flag(help: "say what each answer hung on: families of features, thresholds") var explain: Bool
  @Option(help: "draw what was seen into this PNG file", value: "out.png", completion: .file) var overlay: FilePath?
  @Flag(help: "print JSON, one object a line") var json: Bool

  mutating func run(in environment: CommandEnvironment) async throws {
    let context = try CommandContext(self, in: environment, servers: [])
    let list = PictureList(image)
    let files = try overlay.map { try OverlayFiles($0, for: list) }
    let stored = try await options.bundle(context)
    var factory = context.recognizerFactory
    factory.streams = min(factory.streams, list.entries.count)
    let taps = explain ? stored.bundle.manifest.makeNetwork().map(Explanation.StageThreshold.taps) ?? [] : []
    let inspector = try await factory.inspector(stored, classifierTaps: taps)
    if list.skipped > 0 { context.console.note("\(list.skipped) files in folders are no pictures and are left out\n") }

    let table = ClassifyTable(inspector)
    if !json {
      if !inspector.model.trained { context.console.print("NOTE: \(InspectionOptions.notice)\n") }
      context.console.print(table.heading)
    }
    let (detail, box, printsJSON) = (Inspector.Detail(explains: explain), options.faceBox, json)
    // Lines on a terminal are progress enough, and a bar would run into them.
    let progress = context.progress(
      total: list.entries.count, isWanted: !context.console.output.isTerminal && list.entries.count > 1)
    var failed = 0
    try await inspector.streams.inOrder(list.entries) { stream, index, entry in
      let picture = try await InspectedPicture.look(at: entry, box: box, with: inspector, detail, on: stream)
      return (picture, try await files?.write(picture, index: index, with: inspector, on: stream))
    } receive: { index, answer in
      let (picture, drawing) = answer
      if !picture.status.isPicture { failed += 1 }
      var text: String
      if printsJSON {
        text = try Console.line(json: ClassifyLine(picture, overlay: drawing, of: inspector))
      } else {
        text = table.row(picture)
        if let explanation = picture.inspection?.answer?.explanation {
          for line in ClassifyTable.lines(explanation, of: inspector) { text += "    \(line)\n" }
        }
      }
      // Drawings are wanted whether or not somebody reads the lines.
      guard context.console.print(text) || files != nil else {
        throw failed > 0 ? ExitCode.failure as any Error : OutputAbandoned()
      }
      progress.update(done: index + 1, note: "classified")
    }
    progress.finish()
    if failed > 0 {
      context.console.note("\(failed) of \(list.entries.count) could not be read as pictures\n")
      throw ExitCode.failure
    }
  }
}
