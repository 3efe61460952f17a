import Foundation
import ImageIO
import LearningEvents
import Training
import Vision

/// The pictures that detectors are compared on, in named sets.
struct SweepPictures {
  /// A picture and what is true about it.
  struct Item {
    let image: GrayImage
    /// Where the face is; nil where there is none or nobody knows.
    var truth: PixelRect?
  }

  enum Kind {
    /// A face fills most of the picture: a box under a third of it is suspicious.
    case headCrop
    /// The face is where `truth` says.
    case placed
    /// Whatever is found is wrong.
    case faceless
  }

  struct Group {
    let name: String
    let kind: Kind
    let items: [Item]
  }

  let groups: [Group]

  /// - Parameters:
  ///   - folder: of photographs that show one head each.
  ///   - every: takes each n-th picture of every kind.
  ///   - onlyPhotographs: leaves out everything else.
  init(folder: String, every: Int, onlyPhotographs: Bool) throws {
    let photographs = try Self.photographs(in: folder, every: every)
    let first = Group(name: "photographs", kind: .headCrop, items: photographs.map { Item(image: $0) })
    guard !onlyPhotographs else {
      groups = [first]
      return
    }
    let large = photographs.filter { $0.width >= 300 && $0.height >= 300 }
    let some = stride(from: 0, to: large.count, by: max(1, large.count * every / 320)).map { large[$0] }
    func count(_ all: Int) -> UInt64 { UInt64(max(all / every, 1)) }
    let rooms = (0..<count(240) as Range<UInt64>).map { Self.rendered(640, 480, learner: 500 + $0, frame: 1, .noFace) }
    let still: [Emotion] = [.focused, .curious, .confused, .tired, .happy]
    groups = [
      first,
      Group(name: "pasted", kind: .placed, items: some.enumerated().map { Self.pasted($1, $0, into: rooms) }),
      Group(
        name: "frontal 640×480", kind: .placed,
        items: (0..<count(240)).map { Self.rendered(640, 480, learner: 200 + $0, frame: $0, .face(still[Int($0) % 5])) }
      ),
      Group(
        name: "turned 640×480", kind: .placed,
        items: (0..<count(240)).map { Self.rendered(640, 480, learner: 200 + $0, frame: $0, .face(.distracted)) }),
      Group(
        name: "320×240", kind: .placed,
        items: (0..<count(120)).map {
          Self.rendered(320, 240, learner: 300 + $0, frame: $0, .face(Emotion.allCases[Int($0) % 6]))
        }),
      Group(
        name: "1280×720", kind: .placed,
        items: (0..<count(120)).map {
          Self.rendered(1280, 720, learner: 330 + $0, frame: $0, .face(Emotion.allCases[Int($0) % 6]))
        }),
      Group(name: "rooms", kind: .faceless, items: rooms.map { Item(image: $0.image) }),
      Group(name: "masked", kind: .faceless, items: some.map { Item(image: Self.masked($0)) }),
      Group(name: "shuffled", kind: .faceless, items: some.enumerated().map { Item(image: Self.shuffled($1, $0)) }),
      Group(name: "inverted", kind: .faceless, items: some.map { Item(image: Self.inverted($0)) }),
      Group(name: "texture", kind: .faceless, items: (0..<count(120)).map { Item(image: Self.texture(Int($0))) }),
    ]
  }

  /// Each n-th photograph of a folder that is a JPEG or PNG file.
  static func photographs(in folder: String, every: Int) throws -> [GrayImage] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { name in
      [".jpg", ".jpeg", ".png"].contains { name.lowercased().hasSuffix($0) }
    }.sorted()
    let decoder = PictureDecoder()
    return stride(from: 0, to: names.count, by: every).compactMap { index in
      guard let data = try? Data(contentsOf: URL(filePath: folder).appending(path: names[index])) else { return nil }
      return try? decoder.decodeGray([UInt8](data))
    }
  }

  private static func rendered(
    _ width: Int, _ height: Int, learner: UInt64, frame: UInt64, _ scene: SyntheticFaceRenderer.Scene
  ) -> Item {
    let picture = SyntheticFaceRenderer(width: width, height: height).render(
      learner: learner, frame: frame, scene: scene)
    return Item(
      image: picture.image.gray,
      truth: picture.face.map { PixelRect(x: $0.x, y: $0.y, width: $0.width, height: $0.height) })
  }

  /// A photograph of 80…240 pixels somewhere in a rendered room.
  private static func pasted(_ photograph: GrayImage, _ index: Int, into rooms: [Item]) -> Item {
    var room = rooms[index % rooms.count].image
    let side = [80, 110, 150, 190, 240][index % 5]
    let small = photograph.resampled(width: side, height: side)
    let x = Int(hash(index, 1)) % (room.width - side)
    let y = Int(hash(index, 2)) % (room.height - side)
    for row in 0..<side {
      for column in 0..<side { room[x + column, y + row] = small[column, row] }
    }
    return Item(image: room, truth: PixelRect(x: x, y: y, width: side, height: side))
  }

  /// The middle three quarters of both sides under the mean of the rest.
  private static func masked(_ photograph: GrayImage) -> GrayImage {
    var image = photograph
    let left = image.width / 8
    let top = image.height / 8
    var sum = 0
    var count = 0
    for y in 0..<image.height {
      for x in 0..<image.width
      where x < left || x >= image.width - left || y < top || y >= image.height - top {
        sum += Int(image[x, y])
        count += 1
      }
    }
    let mean = UInt8(sum / max(count, 1))
    for y in top..<(image.height - top) {
      for x in left..<(image.width - left) { image[x, y] = mean }
    }
    return image
  }

  /// Forty-nine tiles in another order.
  private static func shuffled(_ photograph: GrayImage, _ index: Int) -> GrayImage {
    let square = photograph.resampled(width: 350, height: 350)
    let order = (0..<49).sorted { hash(index, $0 + 10) < hash(index, $1 + 10) }
    var image = square
    for (target, source) in order.enumerated() {
      for y in 0..<50 {
        for x in 0..<50 {
          image[target % 7 * 50 + x, target / 7 * 50 + y] = square[source % 7 * 50 + x, source / 7 * 50 + y]
        }
      }
    }
    return image
  }

  /// Upside down: everything of a photograph but a face as a camera sees it.
  private static func inverted(_ photograph: GrayImage) -> GrayImage {
    GrayImage(width: photograph.width, height: photograph.height, pixels: photograph.pixels.reversed())
  }

  /// Noise of blobs from 1 to 40 pixels.
  private static func texture(_ index: Int) -> GrayImage {
    let cells = [640, 160, 64, 32, 16][index % 5]
    let noise = GrayImage(
      width: cells, height: cells, pixels: (0..<(cells * cells)).map { UInt8(truncatingIfNeeded: hash(index, $0)) })
    return noise.resampled(width: 640, height: 640).resampled(
      PixelRect(x: 0, y: 80, width: 640, height: 480), width: 640, height: 480)
  }

  /// A fixed number for a pair (MurmurHash3's finaliser).
  private static func hash(_ index: Int, _ salt: Int) -> UInt32 {
    var value = UInt32(truncatingIfNeeded: index &* 1_000_003 &+ salt)
    value = (value ^ value >> 16) &* 0x85EB_CA6B
    value = (value ^ value >> 13) &* 0xC2B2_AE35
    return value ^ value >> 16
  }
}
