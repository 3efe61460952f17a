import LearningEvents
import OpenCV
import Testing
import Training
import Vision

@Suite struct RendererTests {
  private let renderer = SyntheticFaceRenderer()

  @Test func sameSeedsSamePicture() {
    let first = renderer.render(learner: 3, frame: 4, scene: .face(.happy))
    #expect(renderer.render(learner: 3, frame: 4, scene: .face(.happy)).image == first.image)
    #expect(renderer.render(learner: 3, frame: 5, scene: .face(.happy)).image != first.image)
    #expect(renderer.render(learner: 4, frame: 4, scene: .face(.happy)).image != first.image)
    #expect(renderer.render(learner: 3, frame: 4, scene: .face(.tired)).image != first.image)
    #expect(first.image.width == 640 && first.image.height == 480)
    #expect(first.emotion == .happy)
  }

  @Test(arguments: [(16, 16), (17, 400), (400, 17), (320, 240)])
  func anySize(_ size: (width: Int, height: Int)) {
    for scene in [SyntheticFaceRenderer.Scene.face(.distracted), .noFace, .dark(.curious)] {
      let picture = SyntheticFaceRenderer(width: size.width, height: size.height)
        .render(learner: 1, frame: 1, scene: scene)
      #expect(picture.image.width == size.width && picture.image.height == size.height)
    }
  }

  @Test func truthLiesInsideThePicture() throws {
    for learner in 0..<6 as Range<UInt64> {
      for emotion in Emotion.allCases {
        let face = try #require(renderer.render(learner: learner, frame: learner, scene: .face(emotion)).face)
        #expect(PixelRect(x: face.x, y: face.y, width: face.width, height: face.height).fits(width: 640, height: 480))
        #expect(face.width > 100 && face.height > 120)
      }
    }
    let empty = renderer.render(learner: 1, frame: 1, scene: .noFace)
    #expect(empty.face == nil && empty.emotion == nil)
  }

  @Test func darkPicturesAreDark() {
    let picture = renderer.render(learner: 1, frame: 1, scene: .dark(.focused))
    let gray = picture.image.gray
    #expect(gray.pixels.reduce(0) { $0 + Int($1) } / gray.pixels.count < 16)
    #expect(picture.face != nil)
  }

  /// At least nine of ten faces are found where they are, with each of the two cascades in common use.
  @Test func cascadesFindTheFaces() throws {
    for cascade in ["haarcascade_frontalface_default.xml", "haarcascade_frontalface_alt2.xml"] {
      let detector = try CascadeFaceDetector(cascadePath: try CascadeFile.find(cascade))
      var found = 0
      var falseAlarms = 0
      for learner in 100..<106 as Range<UInt64> {
        for emotion in Emotion.allCases {
          let picture = renderer.render(learner: learner, frame: learner, scene: .face(emotion))
          let truth = try #require(picture.face)
          guard let face = try detector.detect(in: picture.image.gray).faces.first else { continue }
          let x = face.x + face.width / 2 - truth.x
          let y = face.y + face.height / 2 - truth.y
          let inside = x > 0 && x < truth.width && y > 0 && y < truth.height
          if inside, face.width * 2 > truth.width, face.width < truth.width * 2 { found += 1 }
        }
        let room = renderer.render(learner: learner, frame: learner, scene: .noFace)
        if try !detector.detect(in: room.image.gray).faces.isEmpty { falseAlarms += 1 }
      }
      #expect(found >= 33, "\(found) of 36 with \(cascade)")
      #expect(falseAlarms <= 1)
    }
  }
}
