import Foundation
import Recognition
import Testing
import Vision

@Suite struct FeatureBoundsTests {
  @Test func scalesAndClips() {
    let bounds = FeatureBounds(minimum: -2, maximum: 6)
    #expect(bounds.normalized([-2, 6, 2, -3, 7, 0]) == [0, 1, 0.5, 0, 1, 0.25])
  }

  @Test func equalBoundsGiveZero() {
    #expect(FeatureBounds(minimum: 3, maximum: 3).normalized([3, 2, 9]) == [0, 0, 0])
  }

  @Test func extremeBoundsStayFinite() {
    let largest = Float.greatestFiniteMagnitude
    #expect(FeatureBounds(minimum: -largest, maximum: largest).normalized([0, largest, .nan]) == [0.5, 1, 0])
  }

  @Test func learnsFromValues() {
    #expect(FeatureBounds(of: [3, -1, 2]) == FeatureBounds(minimum: -1, maximum: 3))
    #expect(FeatureBounds(of: []) == nil)
    #expect(FeatureBounds(of: [1, .nan]) == nil)
    #expect(FeatureBounds(of: [1, .infinity]) == nil)
    #expect(
      FeatureBounds(minimum: 0, maximum: 1).union(FeatureBounds(minimum: -1, maximum: 0.5))
        == FeatureBounds(minimum: -1, maximum: 1))
  }
}

@Suite struct FamilyBoundsTests {
  private static func face(_ value: Float, hog: [Float]? = nil) -> FrameFeatures {
    var cnn = [Float](repeating: 0, count: 128 * 49)
    cnn[77] = value
    return FrameFeatures(
      crop: GrayImage(width: 224, height: 224, repeating: 0), cnn: cnn,
      hog: hog ?? [Float](repeating: 0.5, count: 36 * 49),
      sift: (0..<128 * 49).map { value * Float($0 % 3) })
  }

  @Test func areThoseOfTheFacesGivenAndOfNoOther() throws {
    let training = [Self.face(3), Self.face(-2), Self.face(1)]
    let test = Self.face(10)
    let bounds = try #require(FamilyBounds(of: training))
    #expect(bounds.cnn == FeatureBounds(minimum: -2, maximum: 3))
    #expect(bounds.hog == FeatureBounds(minimum: 0.5, maximum: 0.5))
    #expect(bounds.sift == FeatureBounds(minimum: -4, maximum: 6))
    // A face beyond the bounds is cut to them and does not move them.
    let fused = test.fused(bounds)
    #expect(fused.cnn.max() == 1)
    #expect(fused.sift.max() == 1)
    #expect(fused.hog.allSatisfy { $0 == 0 }, "equal bounds give 0")
  }

  @Test func areLearnedInPartsAsInOne() throws {
    let faces = (0..<7).map { Self.face(Float($0) - 2.5) }
    let parts = [faces.prefix(3), faces.suffix(4)].compactMap { FamilyBounds(of: $0) }
    #expect(parts.count == 2 && parts[0].union(parts[1]) == FamilyBounds(of: faces))
  }

  @Test func oneBadFaceTeachesNothing() throws {
    // Not finite in the last number of all, too.
    var hog = [Float](repeating: 0.5, count: 36 * 49)
    hog[1763] = -.infinity
    let bare = FrameFeatures(crop: GrayImage(width: 224, height: 224, repeating: 0))
    for bad in [Self.face(.infinity), Self.face(.nan), bare, Self.face(100, hog: hog)] {
      #expect(FamilyBounds(of: [Self.face(1), bad]) == nil)
    }
    #expect(FamilyBounds(of: []) == nil)
  }
}
