import Files
import Foundation
import ImageIO
import Recognition
import Testing
import Training
import Vision

@Suite struct DatasetImportTests {
  /// Takes a picture for a face, unless it is dark.
  private struct Detector: FaceDetecting {
    func detect(in image: GrayImage) -> FaceDetection {
      let isDark = image.pixels.allSatisfy { $0 < 10 }
      return FaceDetection(faces: isDark ? [] : [PixelRect(x: 0, y: 0, width: image.width, height: image.height)])
    }
  }

  private func run(
    _ bench: DatasetBench, _ source: String, labelSet: String? = nil, key: UInt8 = 1, into name: String = "set"
  ) async throws -> (summary: DatasetImport.Summary, set: Dataset) {
    let work = DatasetImport(
      try LabelledPictures(bench[source], labelSet: labelSet), subjectKey: [UInt8](repeating: key, count: 32),
      decoder: PictureDecoder(), encoder: PNGEncoder(), finder: FaceFinder(detector: Detector()), streams: 2)
    let summary = try await work.run(
      into: bench[name], DatasetImport.Facts(name: "set", licence: "CC0", consent: "none needed"))
    return (summary, try Dataset.open(bench[name]))
  }

  private func bench(_ table: String) throws -> DatasetBench {
    let bench = try DatasetBench()
    for number in 0..<6 { try bench.write(PNGEncoder().encode(DatasetBench.picture(number)), to: "in/\(number).png") }
    try bench.write(PNGEncoder().encode(GrayImage(width: 64, height: 64, repeating: 3)), to: "in/dark.png")
    try bench.write(PNGEncoder().encode(GrayImage(width: 64, height: 64, repeating: 128)), to: "in/flat.png")
    try bench.write(Array("GIF89a".utf8), to: "in/other.gif")
    try bench.write(PNGEncoder().encode(DatasetBench.picture(0)), to: "in/copy of 0.png")
    try bench.write(table.utf8, to: "in/table.csv")
    return bench
  }

  @Test func whatIsLeftOutIsListedWithItsReason() async throws {
    let bench = try bench(
      """
      image,label,subject,note
      0.png,happy,Anna Muster,x
      copy of 0.png,happy,Anna Muster,x
      1.png,tired,Bea Beispiel,x
      1.png,confused,Bea Beispiel,x
      2.png,tired,Bea Beispiel,x
      2.png,tired,Cora,x
      3.png,focused,Cora,x
      dark.png,focused,Cora,x
      flat.png,focused,Cora,x
      other.gif,focused,Cora,x
      missing.png,curious,Cora,x

      """)
    let (summary, set) = try await run(bench, "in/table.csv")
    #expect(set.faces.map(\.label) == [5, 0] && set.manifest.subjects == .pseudonyms && summary.subjects == 2)
    #expect(
      set.leftOut.map(\.reason)
        == [.twice, .twoLabels, .twoLabels, .twoSubjects, .twoSubjects, .noFace, .lowQuality, .badImage, .unreadable])
    #expect(summary.leftOut[.noFace] == [1, 0, 0, 0, 0, 0] && summary.leftOut[.unreadable] == [0, 0, 1, 0, 0, 0])
    // No name of a person or a file.
    let everything = try bench.everything(below: "set")
    for name in ["Anna", "Beispiel", "Cora", "copy of", "missing", "dark"] {
      #expect(!everything.contains(Array(name.utf8)), "\(name)")
    }
  }

  private struct Failing: FaceDetecting {
    struct Failure: Error {}

    func detect(in image: GrayImage) throws -> FaceDetection { throw Failure() }
  }

  /// Nothing is called a picture without a face because looking for it failed.
  @Test func aDetectorThatFailsEndsTheImport() async throws {
    let bench = try bench("image,label\n0.png,happy\n")
    let work = DatasetImport(
      try LabelledPictures(bench["in/table.csv"], labelSet: nil), subjectKey: [1], decoder: PictureDecoder(),
      encoder: PNGEncoder(), finder: FaceFinder(detector: Failing()), streams: 1)
    await #expect(throws: Failing.Failure.self) {
      try await work.run(into: bench["set"], DatasetImport.Facts(name: "set", licence: "CC0", consent: "none"))
    }
    #expect(!FileManager.default.fileExists(atPath: bench["set"].text))
  }

  @Test func namesOfTwoNormalFormsAreTwoPeople() async throws {
    let bench = try bench(
      "image,label,subject\n0.png,happy,zo\u{EB}\n1.png,tired,zoe\u{308}\n0.png,happy,zoe\u{308}\n")
    let (summary, set) = try await run(bench, "in/table.csv")
    #expect(set.faces.count == 1 && summary.leftOut[.twoSubjects]?.reduce(0, +) == 2)
  }

  @Test func theSameKeyGivesThePeopleTheSamePseudonyms() async throws {
    let bench = try bench("image,label,subject\n0.png,happy,anna\n1.png,tired,bea\n3.png,focused,anna\n")
    let first = try await run(bench, "in/table.csv").set.faces.map(\.subject)
    let second = try await run(bench, "in/table.csv", into: "again").set.faces.map(\.subject)
    let other = try await run(bench, "in/table.csv", key: 2, into: "other").set.faces.map(\.subject)
    #expect(first == second && first[0] == first[2] && first[0] != first[1])
    #expect(Set(first).isDisjoint(with: other) && first.allSatisfy { $0.count == 16 })
  }

  @Test func aFolderForEachLabelHasNoSubjects() async throws {
    let bench = try DatasetBench()
    for (number, label) in ["interest", "doubt", "doubt"].enumerated() {
      try bench.write(PNGEncoder().encode(DatasetBench.picture(number)), to: "in/\(label)/deep/\(number).png")
    }
    try bench.write(Array("notes".utf8), to: "in/doubt/notes.txt")
    let (summary, set) = try await run(bench, "in", labelSet: "own-labels")
    #expect(set.manifest.labels == ["doubt", "interest"] && set.labelCounts == [2, 1])
    #expect(set.manifest.subjects == .unknown && summary.subjects == 3)
    #expect(set.faces.allSatisfy { $0.subject == $0.image })
  }

  @Test(
    arguments: [
      ("image,label\n0.png,\n", "line 2: the label is empty"), ("image,label\n ,happy\n", "line 2: the image is empty"),
      ("image,label,subject\n0.png,happy,\n", "line 2: the subject is empty"),
      ("image,label\n0.png,happyy\n", "line 2: the label happyy is none of the six"),
      ("picture,label\n0.png,happy\n", "no columns image and label"), ("image,label\n", "the table has no rows"),
      ("image,label\n0.png\n", "line 2: 1 fields"), ("", "there is no header"),
    ])
  func aTableThatIsWrongIsRefusedBeforeAnythingIsLookedAt(table: String, message: String) async throws {
    let bench = try bench(table)
    let said = await bench.message { _ = try await run(bench, "in/table.csv") }
    #expect(said.contains(message), "\(said)")
    #expect(!FileManager.default.fileExists(atPath: bench["set"].text))
  }

  @Test func cancelledItLeavesNothing() async throws {
    let bench = try bench("image,label\n0.png,happy\n1.png,tired\n")
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await run(bench, "in/table.csv").set.faces.count
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.root.text) == ["in"])
  }
}

@Suite struct DatasetSynthesisTests {
  private struct Detector: FaceDetecting {
    func detect(in image: GrayImage) -> FaceDetection {
      FaceDetection(faces: [PixelRect(x: image.width / 4, y: 0, width: image.height, height: image.height)])
    }
  }

  /// The same plan is the same set, and every one says that it is drawn.
  @Test func aDrawnSetSaysSoAndIsTheSameAgain() async throws {
    let bench = try DatasetBench()
    let plan = SyntheticPlan(
      subjects: SyntheticSubjects(seed: 3, count: 4), counts: SyntheticPlan.counts(of: 12), nuisance: .room)
    for (name, streams) in [("a", 1), ("b", 3)] {
      let work = DatasetSynthesis(
        plan, encoder: PNGEncoder(), finder: FaceFinder(detector: Detector()), streams: streams)
      let summary = try await work.run(into: bench[name], name: "drawn")
      #expect(summary.faces.reduce(0, +) == 12 && summary.subjects == 4 && summary.manifest.isSynthetic)
    }
    let (a, b) = (try Dataset.open(bench["a"]), try Dataset.open(bench["b"]))
    #expect(a.fingerprint == b.fingerprint && a.faces == b.faces)
    #expect(a.manifest.consent.contains("nobody is on the pictures"))
  }
}
