import Files
import Foundation
import ImageIO
import LearningEvents
import Recognition
import Testing
import Training
import Vision

@Suite struct DatasetTests {
  @Test func whatIsWrittenIsReadBack() throws {
    let bench = try DatasetBench()
    let set = try bench.set("a", [(0, "anna"), (5, "bea"), (3, "anna")])
    #expect(set.faces.map(\.label) == [0, 5, 3] && set.faces.map(\.subject) == ["anna", "bea", "anna"])
    #expect(set.labelCounts == [1, 0, 0, 1, 0, 1] && set.subjectCount == 2)
    #expect(set.leftOut.map(\.subject) == ["zoë, \"z\""] && set.leftOut[0].reason == .noFace)
    for (number, face) in set.faces.enumerated() {
      #expect(try set.pixels(of: face, by: PictureDecoder()) == DatasetBench.face(number).crops.vgg)
      #expect(face.box == FaceBox(x: 20, y: 20, width: 180, height: 180) && face.measures.quality > 0)
    }
    // The same rows are the same set, another label is another one.
    #expect(try bench.set("c", [(0, "anna"), (5, "bea"), (3, "anna")]).faces == set.faces)
    #expect(try bench.set("d", [(1, "anna"), (5, "bea"), (3, "anna")]).fingerprint != set.fingerprint)
  }

  @Test(
    arguments: [
      ("faces.csv", "anna", "bea", "faces.csv is not the table"),
      ("left-out.csv", "no_face", "twice", "left-out.csv is not the table"),
      ("dataset.json", "nobody is on it", " ", "consent is empty: say what the people"),
      ("dataset.json", "CC0", "", "licence is empty"),
      ("dataset.json", "\"format_version\" : 1", "\"format_version\" : 2", "format version 2, this program reads 1"),
      ("dataset.json", "\"features_version\" : 1", "\"features_version\" : 9", "import the pictures again"),
      ("dataset.json", "\"subjects\"", "\"people\"", "subjects is missing"),
      ("dataset.json", "\"focused\"", "\"fokussed\"", "needs focused, distracted"),
    ])
  func aFolderThatWasEditedIsRefused(file: String, old: String, new: String, message: String) async throws {
    let bench = try DatasetBench()
    _ = try bench.set("a", [(0, "anna"), (5, "bea")])
    try bench.replace(old, by: new, in: "a/\(file)")
    let said = await bench.message { _ = try Dataset.open(bench["a"]) }
    #expect(said.contains(message), "\(said)")
  }

  @Test func aFaceThatWasChangedCutOrTakenAwayIsFound() async throws {
    let bench = try DatasetBench()
    let set = try bench.set("a", [(0, "anna"), (5, "bea")])
    try set.checkFaces()
    let file = "a/\(set.faces[1].file)"
    let bytes = try bench[file].contents(limit: 1 << 20)
    try bench.write(bytes.dropLast(), to: file)
    let (cut, read) = (
      await bench.message { try set.checkFaces() },
      await bench.message { _ = try set.pixels(of: set.faces[1], by: PictureDecoder()) }
    )
    #expect(cut.contains("is not the picture that the set was made with") && cut == read)
    try FileManager.default.removeItem(atPath: bench[file].text)
    #expect(await bench.message { try set.checkFaces() }.contains("cannot be read"))
  }

  @Test func aSetOfNothingAndOneOverAnotherAreNotWritten() async throws {
    let bench = try DatasetBench()
    let empty = await bench.message { _ = try bench.set("empty", []) }
    #expect(empty.contains("no face was found"), "\(empty)")
    _ = try bench.set("a", [(0, "anna")])
    let before = try bench.everything(below: "a")
    #expect(await bench.message { _ = try bench.set("a", [(1, "bea")]) }.contains("cannot write"))
    #expect(try bench.everything(below: "a") == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.root.text) == ["a"])
  }
}
