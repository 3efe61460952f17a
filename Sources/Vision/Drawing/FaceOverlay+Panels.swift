import Foundation

extension FaceOverlay {
  /// The frame, as large as it fits, with its faces and the square that the features see.
  func drawPicture(in area: PixelRect, on canvas: inout Canvas, _ text: any TextRendering) throws {
    let scale = min(
      Double(area.width) / Double(picture.width), Double(area.height) / Double(picture.height))
    let place = PixelRect(
      x: area.x, y: area.y, width: min(area.width, max(1, Int((Double(picture.width) * scale).rounded()))),
      height: min(area.height, max(1, Int((Double(picture.height) * scale).rounded()))))
    canvas.draw(picture, in: place)
    // Boxes of faces lie in the picture; the square may reach beyond, and is cut where the next panel begins.
    func placed(_ rect: PixelRect) -> PixelRect {
      let left = place.x + Int((Double(rect.x) * scale).rounded())
      let top = place.y + Int((Double(rect.y) * scale).rounded())
      let right = place.x + Int((Double(rect.x + rect.width) * scale).rounded())
      let bottom = place.y + Int((Double(rect.y + rect.height) * scale).rounded())
      let (x, y) = (max(left, place.x), max(top, place.y))
      return PixelRect(
        x: x, y: y, width: min(right, place.x + place.width) - x, height: min(bottom, place.y + place.height) - y)
    }
    for other in faces.dropFirst() { canvas.outline(placed(other), thickness: 2, Palette.white.faded(0.8)) }
    var caption = "no face found"
    if let box = faces.first {
      canvas.outline(placed(box.faceSquare), thickness: 2, Palette.second)
      canvas.outline(placed(box), thickness: 3, Palette.mark)
      caption = "face (orange), square the features see (blue)"
      if faces.count > 1 { caption = "face (orange), features' square (blue), others (white)" }
    }
    try writeCaption(caption, below: area, on: &canvas, text)
  }

  /// The crop with the 7×7 grid and its keypoints: those kept in full colour, with size and direction.
  func drawKeypoints(
    of face: Face, in area: PixelRect, on canvas: inout Canvas, _ text: any TextRendering
  ) throws {
    canvas.draw(face.crop, in: area)
    canvas.fill(area, Palette.black.faded(0.2))
    drawLattice(KeypointGrid.side, in: area, Palette.white.faded(0.6), on: &canvas)
    let grid = KeypointGrid(face.keypoints, width: Self.described, height: Self.described)
    let kept = Set(grid.kept.compactMap { $0 })
    for (index, keypoint) in face.keypoints.enumerated() where !kept.contains(index) {
      canvas.circle(
        at: Self.place(keypoint, in: area), radius: 2.5, thickness: 1.2, Palette.second.faded(0.75))
    }
    let strongest = kept.map { face.keypoints[$0].response }.max() ?? 0
    for index in kept.sorted() {
      Self.drawKept(face.keypoints[index], strongest: strongest, in: area, on: &canvas)
    }
    try writeCaption(
      "SIFT: \(face.keypoints.count) points, best of each cell; \(grid.emptyCells) empty",
      below: area, on: &canvas, text)
  }

  /// The crop, darkened, with the HOG glyphs.
  func drawGlyphs(of face: Face, in area: PixelRect, on canvas: inout Canvas, _ text: any TextRendering) throws {
    canvas.draw(face.crop, in: area)
    canvas.fill(area, Palette.black.faded(0.62))
    drawLattice(HistogramOfGradients.cellsPerSide, in: area, Palette.white.faded(0.13), on: &canvas)
    HOGGlyphs(grid: face.hog).draw(in: area, on: &canvas, Palette.glyph)
    try writeCaption(
      "HOG: nine directions of edges in 8x8 cells", below: area, on: &canvas, text)
  }

  /// The inner lines of a grid of `side` by `side` cells.
  private func drawLattice(_ side: Int, in area: PixelRect, _ colour: Colour, on canvas: inout Canvas) {
    for index in 1..<side {
      let offset = (2 * index * area.width + side) / (2 * side)
      canvas.fill(PixelRect(x: area.x + offset, y: area.y, width: 1, height: area.height), colour)
      canvas.fill(PixelRect(x: area.x, y: area.y + offset, width: area.width, height: 1), colour)
    }
  }

  /// Side of the picture that keypoints are found on.
  private static let described = 112

  private static func place(_ keypoint: Keypoint, in area: PixelRect) -> Point {
    let scale = Double(area.width) / Double(described)
    return Point(
      Double(area.x) + (Double(keypoint.x) + 0.5) * scale, Double(area.y) + (Double(keypoint.y) + 0.5) * scale)
  }

  /// A circle of the keypoint's size with a hand in its direction; the stronger, the more opaque.
  private static func drawKept(
    _ keypoint: Keypoint, strongest: Float, in area: PixelRect, on canvas: inout Canvas
  ) {
    let scale = Double(area.width) / Double(described)
    let centre = place(keypoint, in: area)
    let radius = min(max(Double(keypoint.diameter) / 2 * scale, 4), Double(area.width) / 8)
    let share = strongest > 0 ? Double(keypoint.response / strongest).squareRoot() : 1
    let angle = Double(keypoint.angleDegrees) * .pi / 180
    let hand = Point(centre.x + cos(angle) * radius, centre.y + sin(angle) * radius)
    let colour = Palette.mark.faded(0.45 + 0.55 * share)
    // A dark line below the bright one keeps both visible on any skin and background.
    canvas.circle(at: centre, radius: radius, thickness: 4, Palette.black.faded(0.35))
    canvas.circle(at: centre, radius: radius, thickness: 2, colour)
    canvas.line(from: centre, to: hand, thickness: 2, colour)
    canvas.disc(at: centre, radius: 2.6, colour)
  }

  private func writeCaption(
    _ caption: String, below area: PixelRect, on canvas: inout Canvas, _ text: any TextRendering
  ) throws {
    try write(
      caption, x: area.x, y: area.y + area.height + 24, capHeight: 11, isBold: false, Palette.quiet,
      upTo: area.x + area.width, on: &canvas, text)
  }
}
