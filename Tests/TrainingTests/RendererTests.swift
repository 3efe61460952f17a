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

  /// The bytes depend on the seeds alone: not on what was drawn before, nor on the thread.
  @Test func sameBytesOnAnyThread() async {
    let renderer = renderer
    let alone = (0..<6).map { renderer.render(learner: 9, frame: $0, scene: .face(.happy), nuisance: .room).image }
    let together = await withTaskGroup(of: (Int, RGBImage).self) { group in
      for frame in (0..<6).reversed() {
        group.addTask {
          (frame, renderer.render(learner: 9, frame: UInt64(frame), scene: .face(.happy), nuisance: .room).image)
        }
      }
      return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    for frame in 0..<6 { #expect(together[frame] == alone[frame]) }
  }

  @Test func subjectsAreNumbered() {
    let few = SyntheticSubjects(seed: 3, count: 5)
    let many = SyntheticSubjects(seed: 3)
    #expect(many.count == 100 && Set((0..<100).map { many[$0] }).count == 100)
    #expect((0..<5).allSatisfy { few[$0] == many[$0] })
    #expect(SyntheticSubjects(seed: 4)[0] != many[0])
  }

  /// Each strength alone changes the picture, except where nothing happens to be before the face.
  @Test(arguments: Nuisance.Kind.allCases)
  func everyNuisanceShows(_ kind: Nuisance.Kind) {
    var nuisance = Nuisance.none
    nuisance[kind] = 1
    let changed = (0..<8 as Range<UInt64>).count { frame in
      renderer.render(learner: 2, frame: frame, scene: .face(.curious), nuisance: nuisance).image
        != renderer.render(learner: 2, frame: frame, scene: .face(.curious)).image
    }
    #expect(changed >= (kind == .occlusion ? 2 : 8))
  }

  @Test func strengthsAreCut() {
    var nuisance = Nuisance(light: 7, blur: -1, noise: .nan)
    #expect(nuisance[.light] == 1 && nuisance[.blur] == 0 && nuisance[.noise] == 0)
    nuisance[.tilt] = 0.25
    #expect(nuisance[.tilt] == 0.25 && nuisance[.distance] == Nuisance.room[.distance])
  }

  @Test func nuisanceFromText() throws {
    #expect(Nuisance("room") == .room && Nuisance("none") == Nuisance.none && Nuisance("bad") == Nuisance(all: 1))
    #expect(Nuisance("0.3") == Nuisance(all: 0.3))
    let mixed = try #require(Nuisance("none,blur=1,tilt=0.5"))
    #expect(mixed[.blur] == 1 && mixed[.tilt] == 0.5 && mixed[.light] == 0)
    #expect(Nuisance("noise=0")?[.light] == Nuisance.room[.light])
    for text in ["", "fog=1", "blur", "blur=2", "blur=-1", "blur=nan", "1.5", "room,", "blur=1,room"] {
      #expect(Nuisance(text) == nil, "\(text)")
    }
    #expect(Nuisance(Nuisance.room.text) == .room)
  }

  /// What the camera cannot be pointed away from: in a student's room, too, nine faces of ten are found, whatever they
  /// show.
  @Test(arguments: Emotion.allCases)
  func facesInARoomAreFound(_ emotion: Emotion) throws {
    let detector = try CascadeFaceDetector()
    let subjects = SyntheticSubjects(seed: 20, count: 30)
    let found = try (0..<30).count { subject in
      let picture = renderer.render(
        learner: subjects[subject], frame: UInt64(subject), scene: .face(emotion), nuisance: .room)
      return try !detector.detect(in: picture.image.gray).faces.isEmpty
    }
    #expect(found >= 27, "\(found) of 30")
  }

  @Test(arguments: [(16, 16), (17, 400), (400, 17), (320, 240)])
  func anySize(_ size: (width: Int, height: Int)) {
    for scene in [SyntheticFaceRenderer.Scene.face(.distracted), .noFace, .dark(.curious)] {
      let picture = SyntheticFaceRenderer(width: size.width, height: size.height)
        .render(learner: 1, frame: 1, scene: scene, nuisance: Nuisance(all: 1))
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
