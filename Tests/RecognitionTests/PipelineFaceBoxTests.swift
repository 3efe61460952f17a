import LearningEvents
import Recognition
import Testing
import Vision

/// What is made of the face box that came with a frame, in a picture of 640×300 pixels.
@Suite struct PipelineFaceBoxTests {
  private func found(_ hint: FaceBox, code: UInt8 = 1) throws -> FoundFace {
    try #require(try ScriptedDetector().finder().face(in: ScriptedDetector.picture(code: code), hint: hint))
  }

  @Test(arguments: [
    // Inside, in the corners, the whole picture.
    (FaceBox(x: 100, y: 50, width: 120, height: 150), PixelRect(x: 100, y: 50, width: 120, height: 150)),
    (FaceBox(x: 0, y: 0, width: 24, height: 24), PixelRect(x: 0, y: 0, width: 24, height: 24)),
    (FaceBox(x: 540, y: 200, width: 100, height: 100), PixelRect(x: 540, y: 200, width: 100, height: 100)),
    (FaceBox(x: 0, y: 0, width: 600, height: 300), PixelRect(x: 0, y: 0, width: 600, height: 300)),
    // A quarter outside, at each side.
    (FaceBox(x: -25, y: 50, width: 100, height: 100), PixelRect(x: 0, y: 50, width: 75, height: 100)),
    (FaceBox(x: 565, y: 50, width: 100, height: 100), PixelRect(x: 565, y: 50, width: 75, height: 100)),
    (FaceBox(x: 50, y: -25, width: 100, height: 100), PixelRect(x: 50, y: 0, width: 100, height: 75)),
    (FaceBox(x: 50, y: 225, width: 100, height: 100), PixelRect(x: 50, y: 225, width: 100, height: 75)),
    // One side twice the other.
    (FaceBox(x: 50, y: 50, width: 100, height: 50), PixelRect(x: 50, y: 50, width: 100, height: 50)),
  ]) func saneBoxesAreUsedAsFarAsTheyAreInside(_ hint: FaceBox, _ box: PixelRect) throws {
    let found = try found(hint)
    #expect(found.origin == .hint && found.box == box && found.count == 1 && found.faces == [box])
  }

  @Test(arguments: [
    // More than a quarter outside.
    FaceBox(x: -26, y: 50, width: 100, height: 100), FaceBox(x: 566, y: 50, width: 100, height: 100),
    FaceBox(x: 50, y: -26, width: 100, height: 100), FaceBox(x: 50, y: 226, width: 100, height: 100),
    FaceBox(x: -20, y: -20, width: 100, height: 100),
    // Wholly outside, and around everything.
    FaceBox(x: 700, y: 50, width: 100, height: 100), FaceBox(x: -500, y: -500, width: 100, height: 100),
    FaceBox(x: -1000, y: -1000, width: 3000, height: 3000),
    // Too small, too long, empty, negative.
    FaceBox(x: 50, y: 50, width: 23, height: 24), FaceBox(x: 50, y: 50, width: 24, height: 23),
    FaceBox(x: 50, y: 50, width: 101, height: 50), FaceBox(x: 50, y: 50, width: 50, height: 101),
    FaceBox(x: 50, y: 50, width: 0, height: 0), FaceBox(x: 50, y: 50, width: -100, height: -100),
    // What a number that was none is read as.
    FaceBox(x: .min, y: .min, width: .min, height: .min), FaceBox(x: .max, y: .max, width: .max, height: .max),
    FaceBox(x: .min, y: 0, width: .max, height: 100), FaceBox(x: 0, y: 0, width: .max, height: .max),
  ]) func othersAreLeftToTheDetector(_ hint: FaceBox) throws {
    let found = try found(hint)
    #expect(found.origin == .frontal && found.box == PixelRect(x: 20, y: 20, width: 60, height: 60))
    #expect(found.count == 2 && found.faces.count == 2)
  }

  @Test func aSaneBoxIsBelievedWhereTheDetectorSeesNobody() throws {
    let hint = FaceBox(x: 50, y: 50, width: 100, height: 100)
    #expect(try found(hint, code: ScriptedDetector.empty).count == 1)
  }
}
