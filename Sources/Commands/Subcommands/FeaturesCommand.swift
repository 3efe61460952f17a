import Arguments
import Configuration
import Files
import ImageTypes
import LearningEvents
import PlainText
import Recognition
import TextOutput

struct FeaturesCommand: Command {
  static let configuration = CommandConfiguration(
    "features", abstract: "Write what recognition computes of pictures as tensors.",
    discussion: """
      A safetensors file with a row a picture, in the order given; every tensor is F32 [N, ...], row-major:

        box [N,4]                        face in pixels: left, top, width, height
        faces, quality [N]               faces seen; score of the face, 0 to 1
        quality.measures [N,4]           longer side in pixels, sharpness, mean gray, clipped share
        crop [N,1,224,224]               gray, whole numbers 0 to 255
        hog [N,36,7,7]                   channel 9*(2*cell row + cell column) + bin
        sift [N,128,7,7]                 descriptors 0 to 255; a cell without a keypoint is 0
        cnn [N,C,7,7]                    VGG16's pool5, C = 512 at full width
        fused.cnn, fused.hog, fused.sift by the model's bounds, 0 to 1
        net.input [N,C,H,W]              what the classifying network is given
        logits, probabilities [N,labels] in the order of the labels; not rounded

      With --stages also vgg16.input, vgg16.features.0 to .30 (torchvision's module numbers), net.conv1 to net.fc
      (torchvision's names; relu1, relu2 and add within a block), and net.layerL.B.shrink.threshold [N,C]. Models of layout
      image have no cnn, fused and vgg16.

      Every picture has its row, so that rows match the list; what it has no value for is not-a-number: all of the row
      without a face or where it cannot be read (which also makes the command end with 1), all but box, faces, quality
      and crop where the face's quality is too low. The metadata holds the model, its labels, and for each row the SHA-256
      of the picture and its status, no file names; the printed list does. The file is written a row at a time and appears
      when it is whole. Its size is known before: more than --limit is refused.
      """)

  @OptionGroup var options: InspectionOptions
  @Argument(help: "\(ImageType.names("and")) files, or folders of them", value: "image", completion: .file) var image:
    [FilePath]
  @Option(short: "o", help: "file to write, .safetensors", value: "file", completion: .file) var out: FilePath
  @Flag(help: "with every stage of both networks") var stages: Bool
  @Option(help: "largest file to write") var limit: ByteCount = ByteCount(8 << 30)
  @Flag(help: "print the list of rows as JSON, one object a line") var json: Bool

  mutating func run(in environment: CommandEnvironment) async throws {
    guard out.text.hasSuffix(".safetensors") else { throw UsageError("--out names a .safetensors file") }
    let context = try CommandContext(self, in: environment, servers: [])
    let list = PictureList(image)
    guard list.entries.contains(where: { $0.problem == nil }) else {
      for entry in list.entries {
        context.console.note("\(entry.path.printable): \((entry.problem ?? "").printable)\n")
      }
      throw UsageError("there is no picture to look at")
    }
    let stored = try await options.bundle(context)
    try refuseModelFolder(stored.folder)
    let table = try FeatureTable(model: stored.bundle.manifest, stages: stages)
    try announce(table, pictures: list.entries.count, on: context.console)
    var factory = context.recognizerFactory
    factory.streams = min(factory.streams, list.entries.count)
    let inspector = try await factory.inspector(
      stored, featureTaps: table.featureTaps, classifierTaps: table.classifierTaps)
    if !inspector.model.trained { context.console.note("NOTE: \(InspectionOptions.notice)\n") }
    if list.skipped > 0 { context.console.note("\(list.skipped) files in folders are no pictures and are left out\n") }

    let file = try await FeatureFile.open(at: out, table, rows: list.entries.count, of: inspector)
    let (failed, classified) = try await write(list.entries, to: file, with: inspector, context)
    guard failed < list.entries.count else {
      context.console.note("none of the \(failed) could be read as a picture: nothing was written\n")
      throw ExitCode.failure
    }
    try await file.finish()
    context.console.note(
      "wrote \(out.text.printable): \(list.entries.count) rows, \(classified) with an answer, "
        + "\(RowFile.megabytes(file.byteCount))\n")
    if failed > 0 { throw ExitCode.failure }
  }

  /// Looks at pictures, several at once, writes their rows in order and prints the list of rows.
  ///
  /// - Returns: how many could not be read as pictures, and how many have an answer.
  private func write(
    _ entries: [PictureList.Entry], to file: FeatureFile, with inspector: Inspector, _ context: CommandContext
  ) async throws -> (failed: Int, classified: Int) {
    let progress = context.progress(total: entries.count, isWanted: !context.console.output.isTerminal)
    var (failed, classified) = (0, 0)
    if !json { context.console.print("row  status       sha256        file\n") }
    let (box, detail) = (options.faceBox, Inspector.Detail(tellsStages: stages))
    try await inspector.streams.inOrder(entries) { stream, _, entry in
      try await InspectedPicture.look(at: entry, box: box, with: inspector, detail, on: stream)
    } receive: { index, picture in
      try await file.append(picture)
      if !picture.status.isPicture { failed += 1 }
      if picture.status == .sample(.classified) { classified += 1 }
      let line = Line(
        row: index, status: picture.status, sha256: picture.sha256, problem: picture.problem, file: picture.path)
      if json { try context.console.printLine(json: line) } else { context.console.print(line.text) }
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

    var text: String {
      "\(String(row).paddedLeft(to: 3))  \(status.name.padded(to: 11))  "
        + "\(String(sha256?.prefix(12) ?? "-").padded(to: 12))  \(file.printable)"
        + (problem.map { ": \($0.printable)" } ?? "") + "\n"
    }
  }

  /// The file must not lie in the model's folder, where it could replace the weights.
  private func refuseModelFolder(_ folder: String) throws {
    guard out.resolved.folder != FilePath(folder).resolved else {
      throw UsageError("--out lies in the model's folder: name another")
    }
  }

  /// Prints how large the file will be, and refuses one above the limit.
  private func announce(_ table: FeatureTable, pictures: Int, on console: Console) throws {
    let data = RowFile.dataByteCount(table.columns, rows: pictures)
    let sum =
      "\(pictures) pictures of \(RowFile.megabytes(RowFile.dataByteCount(table.columns, rows: 1))) each are "
      + RowFile.megabytes(data)
    guard data <= limit.bytes else {
      throw UsageError(
        "\(sum), more than --limit \(limit.configurationText): name fewer pictures, leave out --stages, or raise it")
    }
    console.note("\(sum)\n")
  }
}
