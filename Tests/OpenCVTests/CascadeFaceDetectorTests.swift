import Foundation
import ImageIO
import OpenCV
import Testing
import Vision
import VisionTestSupport

@Suite("Face detection")
struct CascadeFaceDetectorTests {
  @Test(
    "no face in noise or flat pictures of any size",
    arguments: [(1, 1), (1, 10_000), (10_000, 1), (33, 17), (640, 480)])
  func nothing(width: Int, height: Int) throws {
    let detector = try CascadeFaceDetector()
    for gray in [UInt8(0), 130, 255] {
      #expect(try detector.detect(in: GrayImage(width: width, height: height, repeating: gray)).faces.isEmpty)
    }
    #expect(try detector.detect(in: TestPictures.noise(width: width, height: height, seed: 4)).faces.isEmpty)
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

  @Test("cascades are read once: whoever calls later needs no file, and callers wait for each other")
  func readOnce() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "cascades-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func copy(_ name: String) throws -> String {
      let path = folder.appending(path: name).path
      try FileManager.default.copyItem(atPath: try CascadeFile.find(name), toPath: path)
      return path
    }
    let detector = try CascadeFaceDetector(
      cascadePath: try copy(CascadeFile.frontal), profilePath: try copy(CascadeFile.profile), callers: 2)
    try FileManager.default.removeItem(at: folder)
    let image = TestPictures.blobs(width: 640, height: 480, seed: 5)
    let alone = try CascadeFaceDetector().detect(in: image)
    // More callers than cascades, each on a thread of its own.
    let found = await withTaskGroup(of: FaceDetection?.self) { group in
      for _ in 0..<6 {
        group.addTask {
          await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: try? detector.detect(in: image)) }
          }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(found.count == 6 && found.allSatisfy { $0?.faces == alone.faces })
  }

  @Test("what the process lacks is told from what a picture does")
  func whoseFault() {
    for code in [OpenCVError.Code.outOfMemory, .cascadeUnreadable, .cascadeNotFound] {
      #expect(OpenCVError(code, "x").isOfProcess)
    }
    #expect(!OpenCVError(.failed, "x").isOfProcess)
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
      let faces = try detector.detect(in: image).faces
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
      guard let first = try detector.detect(in: frame).faces.first else { continue }
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
    let expected = try detector.detect(in: image).faces
    try await withThrowingTaskGroup(of: [PixelRect].self) { group in
      for _ in 0..<4 { group.addTask { try detector.detect(in: image).faces } }
      for try await faces in group { #expect(faces == expected) }
    }
  }

  @Test(
    "a face is found again near where it was, and only there",
    .enabled(if: RealFaces.folder != nil, "\(RealFaces.missing)"))
  func follow() throws {
    let detector = try CascadeFaceDetector()
    var followed = 0
    var tried = 0
    for file in stride(from: 0, to: RealFaces.names.count, by: 60).map({ RealFaces.names[$0] }) {
      guard let photograph = try? PictureDecoder().decodeGray(RealFaces.bytes(file)) else { continue }
      let (before, after) = (frame(photograph, x: 300, y: 140, side: 190), frame(photograph, x: 330, y: 155, side: 200))
      let detection = try detector.detect(in: before)
      guard detection.view == .frontal, let last = detection.faces.first, last.longestSide > 80 else { continue }
      tried += 1
      if let box = try detector.follow(last, seenFrom: detection.view, in: after) {
        #expect(box.fits(width: after.width, height: after.height))
        followed += box.overlap(with: last) > 0.3 ? 1 : 0
      }
      // The chair is empty, or the learner sits elsewhere.
      let gone = GrayImage(width: 640, height: 480, repeating: 110)
      #expect(try detector.follow(last, seenFrom: detection.view, in: gone) == nil)
      let elsewhere = frame(photograph, x: 20, y: 140, side: 190)
      #expect(try detector.follow(last, seenFrom: detection.view, in: elsewhere) == nil)
    }
    #expect(tried >= 8 && Double(followed) >= 0.9 * Double(tried), "\(followed) of \(tried)")
  }

  /// A photograph in a gray webcam frame.
  private func frame(_ photograph: GrayImage, x left: Int, y top: Int, side: Int) -> GrayImage {
    let face = photograph.resampled(width: side, height: side)
    var frame = GrayImage(width: 640, height: 480, repeating: 110)
    for y in 0..<side { for x in 0..<side { frame[left + x, top + y] = face[x, y] } }
    return frame
  }

  @Test("any box may be followed in any picture", arguments: [(1, 1), (1, 10_000), (33, 17), (640, 480)])
  func followAnything(width: Int, height: Int) throws {
    let detector = try CascadeFaceDetector()
    let image = TestPictures.noise(width: width, height: height, seed: 9)
    let boxes = [
      image.bounds, PixelRect(x: 0, y: 0, width: 1, height: 1),
      PixelRect(x: width - 1, y: height - 1, width: 1, height: 1),
      // Not inside, or no rectangle at all.
      PixelRect(x: width, y: 0, width: 1, height: 1), PixelRect(x: -1, y: -1, width: width, height: height),
      PixelRect(x: 0, y: 0, width: 0, height: 0), PixelRect(x: .min, y: .max, width: .max, height: .min),
    ]
    for box in boxes {
      for view in FaceDetection.View.allCases {
        let found = try detector.follow(box, seenFrom: view, in: image)
        #expect(found.map { $0.fits(width: width, height: height) } ?? true)
      }
    }
  }

  /// A thread inherits the name of the thread that starts it.
  @Test("detection starts no thread")
  func threads() async throws {
    let detector = try CascadeFaceDetector()
    let image = TestPictures.blobs(width: 640, height: 480, seed: 5)
    let name = "one-detector"
    let count: Int = await withCheckedContinuation { continuation in
      let thread = Thread {
        FileHandle(forWritingAtPath: "/proc/thread-self/comm")?.write(Data(name.utf8))
        _ = try? detector.detect(in: image).faces
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        let names = tasks.map { try? String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8) }
        continuation.resume(returning: names.count { $0 == name + "\n" })
      }
      thread.start()
    }
    #expect(count == 1)
  }
}
