import Testing
import Vision

@Suite("Rec. 601 luma")
struct LumaTests {
  @Test("gray stays gray")
  func gray() {
    for value in UInt8.min...UInt8.max { #expect(Luma.of(red: value, green: value, blue: value) == value) }
  }

  @Test("the primaries have their weights")
  func primaries() {
    #expect(Luma.of(red: 255, green: 0, blue: 0) == 76)
    #expect(Luma.of(red: 0, green: 255, blue: 0) == 150)
    #expect(Luma.of(red: 0, green: 0, blue: 255) == 29)
    let image = RGBImage(width: 3, height: 1, pixels: [255, 0, 0, 0, 255, 0, 0, 0, 255])
    #expect(image.gray.pixels == [76, 150, 29])
  }
}
