/// A picture about one recognition, for people who would rather look: the frame with its face box, the crop with the
/// 7×7 grid and its SIFT keypoints, the HOG glyphs, the probabilities as bars, and a few lines of text.
///
/// 1500×836 pixels whatever it shows.
package struct FaceOverlay: Sendable {
  /// What the features saw of the face.
  package struct Face: Sendable {
    /// 224×224.
    package let crop: GrayImage
    /// `[36, 7, 7]`, as ``HistogramOfGradients/grid(of:)`` gives it.
    package let hog: [Float]
    /// Found on the crop at 112×112.
    package let keypoints: [Keypoint]

    package init(crop: GrayImage, hog: [Float], keypoints: [Keypoint]) {
      precondition(hog.count == HOGGlyphs.valueCount, "HOG is [36, 7, 7]")
      self.crop = crop
      self.hog = hog
      self.keypoints = keypoints
    }
  }

  /// One probability.
  package struct Bar: Sendable, Hashable {
    package let label: String
    /// 0…1.
    package let share: Double

    /// - Parameter share: brought into 0…1; what is no number counts as 0.
    package init(label: String, share: Double) {
      self.label = label
      self.share = share.isNaN ? 0 : min(max(share, 0), 1)
    }
  }

  /// One line in large letters.
  package var title: String
  /// A warning in a frame of its own; what an untrained model needs.
  package var notice: String?
  package var picture: GrayImage
  /// Every face seen, the one classified first; none for a picture without.
  package var faces: [PixelRect]
  /// nil where no face was found.
  package var face: Face?
  /// Where there is no answer, none.
  package var bars: [Bar]
  /// A few lines, cut where they do not fit.
  package var facts: [String]

  package init(
    title: String, notice: String? = nil, picture: GrayImage, faces: [PixelRect] = [], face: Face? = nil,
    bars: [Bar] = [], facts: [String] = []
  ) {
    self.title = title
    self.notice = notice
    self.picture = picture
    self.faces = faces
    self.face = face
    self.bars = bars
    self.facts = facts
  }

  static let width = 1500
  static let height = 836
  static let margin = 28
  static let gap = 24
  /// Side of the two panels of the crop.
  static let panel = 430
  static let panelTop = 92
  static let lowerTop = panelTop + panel + 66

  enum Palette {
    static let paper = Colour(252, 252, 250)
    static let ink = Colour(28, 32, 38)
    static let quiet = Colour(104, 112, 122)
    static let empty = Colour(233, 235, 238)
    static let mark = Colour(255, 159, 28)
    static let second = Colour(76, 201, 240)
    static let winner = Colour(31, 90, 166)
    static let bar = Colour(157, 183, 213)
    static let warning = Colour(176, 32, 48)
    static let glyph = Colour(255, 226, 120)
    static let white = Colour(255, 255, 255)
    static let black = Colour(0, 0, 0)
  }

  /// Draws everything; blocks for some tens of milliseconds.
  package func drawn(with text: any TextRendering) throws -> RGBImage {
    var canvas = Canvas(width: Self.width, height: Self.height, background: Palette.paper)
    try drawHeading(on: &canvas, text)
    let right = Self.width - Self.margin - Self.panel
    let middle = right - Self.gap - Self.panel
    let left = PixelRect(
      x: Self.margin, y: Self.panelTop, width: middle - Self.gap - Self.margin, height: Self.panel)
    try drawPicture(in: left, on: &canvas, text)
    let panels = [middle, right].map { PixelRect(x: $0, y: Self.panelTop, width: Self.panel, height: Self.panel) }
    if let face {
      try drawKeypoints(of: face, in: panels[0], on: &canvas, text)
      try drawGlyphs(of: face, in: panels[1], on: &canvas, text)
    } else {
      for panel in panels { canvas.fill(panel, Palette.empty) }
    }
    try drawBars(x: Self.margin, on: &canvas, text)
    try drawFacts(x: middle, on: &canvas, text)
    return canvas.image
  }

  private func drawHeading(on canvas: inout Canvas, _ text: any TextRendering) throws {
    var end = Self.width - Self.margin
    if let notice {
      let mask = try text.mask(of: notice, capHeight: 13, isBold: true)
      let frame = PixelRect(x: end - mask.advance - 28, y: 26, width: mask.advance + 28, height: 40)
      canvas.outline(frame, thickness: 2, Palette.warning)
      canvas.draw(mask, x: frame.x + 14, y: frame.y + 27, Palette.warning)
      end = frame.x - Self.gap
    }
    try write(
      title, x: Self.margin, y: 60, capHeight: 24, isBold: true, Palette.ink, upTo: end, on: &canvas, text)
  }

  private func drawBars(x: Int, on canvas: inout Canvas, _ text: any TextRendering) throws {
    let (labels, track) = (130, 310)
    let best = bars.indices.max { bars[$0].share < bars[$1].share }
    for (index, bar) in bars.enumerated() {
      let y = Self.lowerTop + 36 * index
      let isBest = index == best
      let ink = isBest ? Palette.ink : Palette.quiet
      try write(
        bar.label, x: x, y: y + 19, capHeight: 13, isBold: isBest, ink, upTo: x + labels, on: &canvas, text)
      canvas.fill(PixelRect(x: x + labels, y: y, width: track, height: 24), Palette.empty)
      let filled = Int((bar.share * Double(track)).rounded())
      canvas.fill(
        PixelRect(x: x + labels, y: y, width: filled, height: 24), isBest ? Palette.winner : Palette.bar)
      let percent = Self.percent(bar.share)
      try write(
        percent, x: x + labels + track + 10, y: y + 19, capHeight: 13, isBold: isBest, ink, upTo: Self.width,
        on: &canvas, text)
    }
  }

  private func drawFacts(x: Int, on canvas: inout Canvas, _ text: any TextRendering) throws {
    for (index, fact) in facts.prefix(8).enumerated() {
      try write(
        fact, x: x, y: Self.lowerTop + 16 + 27 * index, capHeight: 12, isBold: false, Palette.ink,
        upTo: Self.width - Self.margin, on: &canvas, text)
    }
  }

  /// A share of 0…1 with one decimal, `61.3 %`.
  package static func percent(_ share: Double) -> String {
    let tenths = Int((share * 1000).rounded())
    return "\(tenths / 10).\(tenths % 10) %"
  }

  /// One line, cut with two dots where it would pass `limit`.
  func write(
    _ line: String, x: Int, y: Int, capHeight: Int, isBold: Bool, _ colour: Colour, upTo limit: Int,
    on canvas: inout Canvas, _ text: any TextRendering
  ) throws {
    var mask = try text.mask(of: line, capHeight: capHeight, isBold: isBold)
    var length = line.count
    while mask.advance > limit - x, length > 1 {
      // At once near the length that fits; letters differ in width.
      length = max(1, min(length - 1, length * max(limit - x, 0) / mask.advance))
      mask = try text.mask(of: line.prefix(length) + "..", capHeight: capHeight, isBold: isBold)
    }
    canvas.draw(mask, x: x, y: y, colour)
  }
}
