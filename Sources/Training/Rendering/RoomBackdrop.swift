import StableHashing

/// The room behind a learner: a lit wall with two or three of window, shelf, door, picture and lamp, out of focus.
enum RoomBackdrop {
  /// - Parameter crowding: 0…1, from a nearly bare wall to a full room; see ``Nuisance``.
  static func paint(_ canvas: inout LightCanvas, seed: UInt64, crowding: Float) {
    var random = SplitMix64(seed: seed, stream: 2)
    let width = Float(canvas.width)
    let height = Float(canvas.height)
    let wall = random.pick([
      Light(0.74, 0.71, 0.66), Light(0.62, 0.66, 0.69), Light(0.70, 0.66, 0.57), Light(0.56, 0.60, 0.56),
      Light(0.78, 0.77, 0.76), Light(0.50, 0.49, 0.52),
    ])
    let fromLeft = random.uniform(-0.16...0.16)
    let fromTop = random.uniform(-0.10...0.14)
    let grain = UInt32(truncatingIfNeeded: random.next())
    canvas.paint(canvas.everything) { x, y, pixel in
      let lit = 1 + fromLeft * (x / width - 0.5) * 2 - fromTop * (y / height - 0.5) * 2
      pixel = wall * (lit + 0.05 * (smoothNoise(x * 0.012, y * 0.012, grain) - 0.5))
    }
    let soft = height * random.uniform(0.008...0.016)
    // One thing on either side of the learner, sometimes one more above.
    let sides = [random.uniform(0.0...0.16), random.uniform(0.72...0.86)]
    for left in sides where random.chance(0.6 + 0.4 * crowding) {
      let x = left * width
      switch Int(random.next() % 4) {
      case 0: window(&canvas, &random, x: x, soft: soft)
      case 1: shelf(&canvas, &random, x: x, soft: soft)
      case 2: door(&canvas, &random, x: x, wall: wall, soft: soft)
      default: picture(&canvas, &random, x: x, soft: soft)
      }
    }
    if random.chance(0.3) { lamp(&canvas, &random) }
    for _ in 0..<Int(crowding * 6) where random.chance(0.6) { clutter(&canvas, &random, soft: soft) }
    if random.chance(0.35 * crowding) { passerBy(&canvas, &random, soft: soft) }
  }

  /// A filled rectangle with soft edges; `gradient` brightens its top by that share.
  private static func rectangle(
    _ canvas: inout LightCanvas, _ x: Float, _ y: Float, _ width: Float, _ height: Float, _ colour: Light,
    soft: Float, gradient: Float = 0
  ) {
    let cx = x + width / 2
    let cy = y + height / 2
    canvas.paint(PixelArea(minX: x - soft, minY: y - soft, maxX: x + width + soft, maxY: y + height + soft)) {
      px, py, pixel in
      let distance = max(abs(px - cx) - width / 2, abs(py - cy) - height / 2)
      let lit = 1 - gradient * (py - cy) / height
      pixel = pixel.mixed(with: colour * lit, coverage(distance, softness: soft))
    }
  }

  private static func window(_ canvas: inout LightCanvas, _ random: inout SplitMix64, x: Float, soft: Float) {
    let height = Float(canvas.height)
    let w = height * random.uniform(0.26...0.38)
    let h = height * random.uniform(0.40...0.60)
    let y = height * random.uniform(0.04...0.12)
    let frame = Light(0.84, 0.83, 0.80)
    let sky = random.pick([Light(0.92, 0.95, 0.99), Light(0.78, 0.86, 0.95), Light(0.34, 0.40, 0.52)])
    let bar = height * 0.018
    rectangle(&canvas, x, y, w, h, frame, soft: soft)
    rectangle(&canvas, x + bar, y + bar, w - 2 * bar, h - 2 * bar, sky, soft: soft, gradient: 0.15)
    rectangle(&canvas, x + bar, y + h * 0.66, w - 2 * bar, h * 0.34 - bar, sky * 0.84, soft: soft * 2)
    rectangle(&canvas, x + w / 2 - bar / 2, y, bar, h, frame * 0.94, soft: soft)
    rectangle(&canvas, x, y + h * 0.45, w, bar, frame * 0.94, soft: soft)
  }

  private static func shelf(_ canvas: inout LightCanvas, _ random: inout SplitMix64, x: Float, soft: Float) {
    let height = Float(canvas.height)
    let w = height * random.uniform(0.30...0.42)
    let board = Light(0.36, 0.26, 0.18) * random.uniform(0.7...1.5)
    var y = height * random.uniform(-0.06...0.08)
    // Rows of different heights and well filled: even dark bands are what a Haar cascade takes for eyes and a mouth.
    for _ in 0..<5 {
      let rowHeight = height * random.uniform(0.09...0.21)
      rectangle(&canvas, x, y, w, rowHeight, board * 0.8, soft: soft)
      var bookX = x + soft
      while bookX < x + w * random.uniform(0.8...1) - rowHeight * 0.2 {
        let bookWidth = height * random.uniform(0.02...0.055)
        let bookHeight = rowHeight * random.uniform(0.62...0.97)
        let pale = random.uniform(0.12...0.7)
        let colour = Light(
          pale * random.uniform(0.6...1.2), pale * random.uniform(0.6...1.1), pale * random.uniform(0.6...1.1))
        rectangle(
          &canvas, bookX, y + rowHeight - bookHeight, bookWidth * 0.92, bookHeight, colour, soft: soft * 0.7)
        bookX += bookWidth
      }
      rectangle(&canvas, x, y + rowHeight, w, height * 0.016, board, soft: soft)
      y += rowHeight + height * 0.016
    }
  }

  private static func door(
    _ canvas: inout LightCanvas, _ random: inout SplitMix64, x: Float, wall: Light, soft: Float
  ) {
    let height = Float(canvas.height)
    let w = height * random.uniform(0.30...0.36)
    let y = height * random.uniform(0.02...0.1)
    let colour = wall.mixed(with: Light(0.50, 0.38, 0.27), random.uniform(0.2...0.9)) * 0.92
    rectangle(&canvas, x - height * 0.015, y - height * 0.015, w + height * 0.03, height, wall * 1.12, soft: soft)
    rectangle(&canvas, x, y, w, height, colour, soft: soft, gradient: 0.1)
    for row in 0..<2 {
      let panelY = y + height * (0.06 + 0.42 * Float(row))
      rectangle(&canvas, x + w * 0.16, panelY, w * 0.68, height * 0.34, colour * 0.88, soft: soft * 1.5)
    }
  }

  private static func picture(_ canvas: inout LightCanvas, _ random: inout SplitMix64, x: Float, soft: Float) {
    let height = Float(canvas.height)
    let w = height * random.uniform(0.20...0.32)
    let h = height * random.uniform(0.18...0.30)
    let y = height * random.uniform(0.06...0.2)
    let bar = height * 0.014
    rectangle(&canvas, x + bar, y + bar, w, h, Light(0.25, 0.25, 0.25), soft: soft * 3)
    rectangle(&canvas, x, y, w, h, Light(0.18, 0.15, 0.12), soft: soft)
    rectangle(&canvas, x + bar, y + bar, w - 2 * bar, h - 2 * bar, Light(0.88, 0.86, 0.80), soft: soft)
    let ground = Light(random.uniform(0.2...0.6), random.uniform(0.3...0.6), random.uniform(0.3...0.6))
    rectangle(&canvas, x + 3 * bar, y + h * 0.5, w - 6 * bar, h * 0.5 - 3 * bar, ground, soft: soft * 2)
  }

  private static func lamp(_ canvas: inout LightCanvas, _ random: inout SplitMix64) {
    let height = Float(canvas.height)
    let cx = Float(canvas.width) * (random.chance(0.5) ? 0.16 : 0.86)
    let cy = height * random.uniform(0.2...0.4)
    let radius = height * 0.22
    canvas.paint(PixelArea(minX: cx - radius, minY: cy - radius, maxX: cx + radius, maxY: cy + radius)) {
      x, y, pixel in
      let dx = (x - cx) / radius * 2.6
      let dy = (y - cy) / radius * 2.6
      let d2 = dx * dx + dy * dy
      pixel += Light(0.55, 0.46, 0.30) * bump(squared: d2) + Light(0.5, 0.5, 0.45) * bump(squared: d2 * 14)
    }
  }

  /// A poster, note, plant or chair's back: something of any colour, out of focus.
  private static func clutter(_ canvas: inout LightCanvas, _ random: inout SplitMix64, soft: Float) {
    let height = Float(canvas.height)
    let w = height * random.uniform(0.04...0.22)
    let h = height * random.uniform(0.04...0.22)
    let x = Float(canvas.width) * random.uniform(-0.05...1)
    let y = height * random.uniform(0...0.8)
    let pale = random.uniform(0.1...0.8)
    let colour = Light(
      pale * random.uniform(0.6...1.2), pale * random.uniform(0.6...1.1), pale * random.uniform(0.6...1.1))
    rectangle(&canvas, x, y, w, h, colour, soft: soft * 1.5, gradient: random.uniform(-0.2...0.3))
    if random.chance(0.5) {
      rectangle(&canvas, x + w * 0.15, y + h * 0.2, w * 0.7, h * 0.12, colour * 0.6, soft: soft)
      rectangle(&canvas, x + w * 0.15, y + h * 0.5, w * 0.5, h * 0.12, colour * 0.6, soft: soft)
    }
  }

  /// Somebody in the background with their back to the camera, without a face.
  private static func passerBy(_ canvas: inout LightCanvas, _ random: inout SplitMix64, soft: Float) {
    let height = Float(canvas.height)
    let r = height * random.uniform(0.05...0.09)
    let cx = Float(canvas.width) * (random.chance(0.5) ? random.uniform(0.05...0.2) : random.uniform(0.8...0.95))
    let cy = height * random.uniform(0.25...0.45)
    let hair = Light(0.12, 0.09, 0.08) * random.uniform(0.6...2.5)
    let coat = Light(random.uniform(0.1...0.5), random.uniform(0.1...0.5), random.uniform(0.1...0.5))
    canvas.paint(PixelArea(minX: cx - 4 * r, minY: cy - 2 * r, maxX: cx + 4 * r, maxY: height)) { x, y, pixel in
      let (dx, dy) = ((x - cx) / r, (y - cy) / r)
      let shoulder = 1.7 + 0.25 * max(0, abs(dx) - 0.8) * max(0, abs(dx) - 0.8) * 2
      pixel = pixel.mixed(
        with: coat * (0.9 - 0.1 * dx), coverage(max(shoulder - dy, abs(dx) - 2.3) * r, softness: soft * 2))
      let head = (dx * dx + dy * dy * 0.7).squareRoot() - 1
      pixel = pixel.mixed(with: hair * (0.9 - 0.15 * dx), coverage(head * r, softness: soft * 2))
    }
  }
}
