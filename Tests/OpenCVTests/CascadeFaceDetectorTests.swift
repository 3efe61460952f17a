import Foundation
import ImageIO
import OpenCV
import Testing
import Vision
import VisionTestSupport

@Suite("Face detection")
struct CascadeFaceDetectorTests {
  @Test("no face in noise or flat pictures of any size", arguments: [(1, 1), (1, 10_000), (33, 17), (640, 480)])
  func nothing(width: Int, height: Int) throws {
    let detector = try CascadeFaceDetector()
    #expect(try detector.faces(in: GrayImage(width: width, height: height, repeating: 0)).isEmpty)
    #expect(try detector.faces(in: TestPictures.noise(width: width, height: height, seed: 4)).isEmpty)
  }

  @Test("a missing or wrong cascade is an error that says what to do")
  func missingCascade() throws {
    let missing = #expect(throws: OpenCVError.self) { try CascadeFaceDetector(cascadePath: "/nonexistent.xml") }
    #expect(missing?.code == .cascadeUnreadable)
    let wrong = #expect(throws: OpenCVError.self) { try CascadeFaceDetector(cascadePath: #filePath) }
    #expect(wrong?.code == .cascadeUnreadable)
    let absent = #expect(throws: OpenCVError.self) { try CascadeFile.find("no_such_cascade.xml") }
    #expect(absent?.code == .cascadeNotFound && absent?.message.contains("apt-get install opencv-data") == true)
  }

  @Test(
    "real faces are found, inside the picture and largest first",
    .enabled(if: RealFaces.folder != nil, "\(RealFaces.missing)"))
  func realFaces() throws {
    let detector = try CascadeFaceDetector()
    let decoder = PictureDecoder()
    let sample = stride(from: 0, to: RealFaces.names.count, by: 20).map { RealFaces.names[$0] }
    var found = 0
    for file in sample {
      guard let image = try? decoder.decodeGray(RealFaces.bytes(file)) else { continue }
      let faces = try detector.faces(in: image)
      #expect(faces.allSatisfy { $0.fits(width: image.width, height: image.height) })
      let areas = faces.map { $0.width * $0.height }
      #expect(areas == areas.sorted(by: >))
      found += faces.isEmpty ? 0 : 1
    }
    #expect(Double(found) >= 0.9 * Double(sample.count), "\(found) of \(sample.count)")
  }

  @Test(
    "a face in a webcam frame is found where it is",
    .enabled(if: RealFaces.folder != nil, "\(RealFaces.missing)"))
  func placed() throws {
    let detector = try CascadeFaceDetector()
    let decoder = PictureDecoder()
    let sample = stride(from: 0, to: RealFaces.names.count, by: 60).map { RealFaces.names[$0] }
    var found = 0
    for file in sample {
      guard let photograph = try? decoder.decodeGray(RealFaces.bytes(file)) else { continue }
      let face = photograph.resampled(width: 200, height: 200)
      var frame = GrayImage(width: 640, height: 480, repeating: 110)
      for y in 0..<200 { for x in 0..<200 { frame[330 + x, 150 + y] = face[x, y] } }
      guard let first = try detector.faces(in: frame).first else { continue }
      let centre = (x: first.x + first.width / 2, y: first.y + first.height / 2)
      if abs(centre.x - 430) < 60, abs(centre.y - 250) < 60 { found += 1 }
    }
    #expect(Double(found) >= 0.8 * Double(sample.count), "\(found) of \(sample.count)")
  }

  @Test(
    "one detector serves many threads with equal answers",
    .enabled(if: RealFaces.folder != nil, "\(RealFaces.missing)"))
  func shared() async throws {
    let detector = try CascadeFaceDetector()
    let image = try PictureDecoder().decodeGray(RealFaces.bytes(RealFaces.names[0]))
    let expected = try detector.faces(in: image)
    try await withThrowingTaskGroup(of: [PixelRect].self) { group in
      for _ in 0..<4 { group.addTask { try detector.faces(in: image) } }
      for try await faces in group { #expect(faces == expected) }
    }
  }
}
