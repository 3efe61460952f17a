import Cryptography
package import Files
import LearningEvents
package import Recognition
import Services
package import Vision

/// Makes a data set of picture files: finds the face of each as a worker does, crops, turns gray, and keeps nothing
/// else of the picture and no name of a file or a person.
package struct DatasetImport: Sendable {
  /// What came of it.
  package struct Summary: Sendable {
    package let manifest: DatasetManifest
    /// Faces by label.
    package let faces: [Int]
    /// Pictures left out by label and reason.
    package let leftOut: [LeftOutPicture.Reason: [Int]]
    package let subjects: Int

    init(manifest: DatasetManifest, faces: [DatasetFace], leftOut: [LeftOutPicture]) {
      let none = [Int](repeating: 0, count: manifest.labels.count)
      self.manifest = manifest
      self.faces = faces.reduce(into: none) { $0[$1.label] += 1 }
      self.leftOut = leftOut.reduce(into: [:]) { $0[$1.reason, default: none][$1.label] += 1 }
      subjects = Set(faces.map(\.subject)).count
    }
  }

  /// Who or what the set is of, for its manifest.
  package struct Facts: Sendable {
    package var name: String
    package var licence: String
    package var consent: String

    package init(name: String, licence: String, consent: String) {
      (self.name, self.licence, self.consent) = (name, licence, consent)
    }
  }

  private let pictures: LabelledPictures
  private let pseudonyms: HMACSHA256
  private let decoder: any ImageDecoding
  private let encoder: any GrayImageEncoding
  private let finder: FaceFinder
  private let threads: StreamPool<ThreadExecutor>

  /// - Parameters:
  ///   - subjectKey: what pseudonyms of people are made with: the same key gives the same people the same ones.
  ///   - finder: without memory of sessions.
  ///   - streams: pictures in work at once.
  package init(
    _ pictures: LabelledPictures, subjectKey: [UInt8], decoder: any ImageDecoding, encoder: any GrayImageEncoding,
    finder: FaceFinder, streams: Int
  ) {
    (self.pictures, self.decoder, self.encoder, self.finder) = (pictures, decoder, encoder, finder)
    pseudonyms = HMACSHA256(key: subjectKey)
    threads = StreamPool((0..<max(1, streams)).map { ThreadExecutor(name: "import-\($0)") })
  }

  /// Imports every picture into a new folder. Cancelled, or failed, it leaves nothing.
  ///
  /// - Parameter progress: called with the number of pictures done.
  package func run(
    into folder: FilePath, _ facts: Facts, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> Summary {
    var writer = try DatasetWriter(folder, labels: pictures.labels, encoder: encoder)
    let conflicts = try await conflicts()
    var taken: Set<String> = []
    try await threads.inOrder(pictures.pictures) { thread, _, picture in
      (picture, try await thread.run { () throws in try look(at: picture) })
    } receive: { index, result in
      let (picture, look) = result
      let subject = picture.subject.map(pseudonym) ?? look.image
      let reason = conflicts[look.image] ?? look.reason ?? (taken.contains(look.image) ? .twice : nil)
      if let reason {
        writer.leaveOut(
          LeftOutPicture(image: look.image, label: picture.label, subject: subject, reason: reason))
      } else if let face = look.face {
        try writer.add(face, image: look.image, label: picture.label, subject: subject)
        taken.insert(look.image)
      }
      progress(index + 1)
    }
    return try writer.finish(
      name: facts.name, licence: facts.licence, consent: facts.consent,
      subjects: pictures.hasSubjects ? .pseudonyms : .unknown)
  }

  /// 16 hex digits of a person's HMAC: with 64 bits, two of a million people share one in fewer than one of ten million
  /// sets.
  private func pseudonym(of subject: String) -> String {
    Hex.encode(pseudonyms.authenticate(Array(subject.utf8)).prefix(8))
  }

  /// What a look at one picture tells.
  private struct Look: Sendable {
    /// Empty where the file could not be read.
    var image = ""
    var face: FoundFace?
    var reason: LeftOutPicture.Reason?
  }

  /// Throws what the detector throws: that it failed does not mean that nobody is there.
  private func look(at picture: LabelledPictures.Picture) throws -> Look {
    var look = Look()
    let bytes: [UInt8]
    do throws(PictureFile.Failure) {
      bytes = try PictureFile.read(picture.file, limit: Self.byteLimit)
    } catch {
      look.reason = error.isTooLarge ? .tooLarge : .unreadable
      return look
    }
    look.image = Self.image(bytes)
    let gray: GrayImage
    do throws(ImageError) {
      gray = try decoder.decodeGray(bytes)
    } catch {
      look.reason = error.code == .tooLarge ? .tooLarge : .badImage
      return look
    }
    look.face = try finder.face(in: gray)
    if let face = look.face {
      look.reason = face.quality.isUsable ? nil : .lowQuality
    } else {
      look.reason = .noFace
    }
    return look
  }

  /// The largest picture file that is read.
  private static let byteLimit = 32 << 20

  private static func image(_ bytes: [UInt8]) -> String { String(Hex.encode(SHA256.hash(bytes)).prefix(32)) }

  /// The images that were given with several labels, or as several people's.
  private func conflicts() async throws -> [String: LeftOutPicture.Reason] {
    var first: [String: LabelledPictures.Picture] = [:]
    var conflicts: [String: LeftOutPicture.Reason] = [:]
    try await threads.inOrder(pictures.pictures) { thread, _, picture in
      (picture, await thread.run { (try? PictureFile.read(picture.file, limit: Self.byteLimit)).map(Self.image) })
    } receive: { _, result in
      guard let image = result.1 else { return }
      guard let other = first[image] else {
        first[image] = result.0
        return
      }
      if other.label != result.0.label {
        conflicts[image] = .twoLabels
      } else if !other.isOfSamePerson(as: result.0), conflicts[image] == nil {
        conflicts[image] = .twoSubjects
      }
    }
    return conflicts
  }
}
