import Testing
import Vision

@Suite("One descriptor a cell")
struct KeypointGridTests {
  private func keypoint(_ x: Float, _ y: Float, _ response: Float, mark: Float) -> Keypoint {
    Keypoint(x: x, y: y, response: response, descriptor: (0..<128).map { mark + Float($0) })
  }

  @Test("nothing gives zeros")
  func empty() {
    let grid = KeypointGrid([], width: 112, height: 112)
    #expect(grid.emptyCells == 49 && grid.values == [Float](repeating: 0, count: 6272))
  }

  @Test("the strongest stays, the first of equals")
  func strongest() {
    let grid = KeypointGrid(
      [
        keypoint(15.9, 0, 1, mark: 10), keypoint(1, 1, 3, mark: 20), keypoint(2, 2, 3, mark: 30),
        keypoint(16, 0, 0.1, mark: 40), keypoint(111.9, 111.9, 1, mark: 50),
      ], width: 112, height: 112)
    #expect(grid.emptyCells == 46)
    #expect(grid.values[0] == 20 && grid.values[127 * 49] == 147)
    #expect(grid.values[1] == 40)
    #expect(grid.values[48] == 50 && grid.values[49 + 48] == 51)
  }

  @Test("positions beyond the border belong to the border's cells")
  func clamped() {
    let grid = KeypointGrid(
      [keypoint(-0.4, 112.3, 1, mark: 7), keypoint(.nan, .infinity, 1, mark: 9)], width: 112, height: 112)
    #expect(grid.values[42] == 7)
  }
}
