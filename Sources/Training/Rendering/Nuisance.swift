/// What makes drawn pictures harder to read than a portrait: each strength runs from 0 (none) to 1 (as in a bad room),
/// and larger ones are cut to 1. A frame draws its own amount below the bound that a strength sets.
///
/// The default is a student's room. Units of the bounds at 0 and 1, linear between them:
///
/// | strength | what it bounds | 0 | 1 |
/// |---|---|---:|---:|
/// | light | exposure, factor of two to either side | 0 | 1.3 stops |
/// | | share of the key light that is missing on the far side | 0.35 | 0.95 |
/// | | tint, share of a channel | 0 | 0.16 |
/// | blur | deviation of the lens, pixels of a picture 480 high | 0.55 | 2.6 |
/// | | path of a moving head, the same pixels | 0 | 8 |
/// | noise | deviation, share of full scale in middle tones | 0.004 | 0.075 |
/// | compression | quantisation, by the JPEG quality of libjpeg's scale | 100 | 18 |
/// | occlusion | share of pictures with something before the face | 0 | 0.7 |
/// | tilt | deviation of the head's roll, and of yaw and pitch | 1°, 1.5° | 11°, 9° |
/// | distance | half the face's width, share of the picture's height | 0.205 to 0.225 | 0.075 to 0.25 |
/// | background | things in the room behind, and their contrast | bare wall | crowded, people passing |
/// | ambiguity | weakest expression drawn, share of the full one | 0.9 | 0.15 |
package struct Nuisance: Sendable, Hashable {
  /// One of the strengths, by the name that options and files use.
  package enum Kind: String, CaseIterable, Sendable {
    case light, blur, noise, compression, occlusion, tilt, distance, background, ambiguity
  }

  private var strengths: [Float]

  /// A strength of 0…1; what is set outside is cut, not-a-number is 0.
  package subscript(kind: Kind) -> Float {
    get { strengths[Self.place(kind)] }
    set { strengths[Self.place(kind)] = newValue > 0 ? min(newValue, 1) : 0 }
  }

  /// A student's room, but for the strengths that are given.
  package init(
    light: Float = 0.5, blur: Float = 0.4, noise: Float = 0.4, compression: Float = 0.5, occlusion: Float = 0.35,
    tilt: Float = 0.6, distance: Float = 0.5, background: Float = 0.5, ambiguity: Float = 0.85
  ) {
    strengths = [Float](repeating: 0, count: Kind.allCases.count)
    let given = [light, blur, noise, compression, occlusion, tilt, distance, background, ambiguity]
    for (kind, strength) in zip(Kind.allCases, given) { self[kind] = strength }
  }

  /// The same strength of everything.
  package init(all strength: Float) {
    self.init(
      light: strength, blur: strength, noise: strength, compression: strength, occlusion: strength, tilt: strength,
      distance: strength, background: strength, ambiguity: strength)
  }

  /// A portrait by a good camera: what tests and the demo draw unless they say otherwise.
  package static let none = Nuisance(all: 0)

  /// A student's room.
  package static let room = Nuisance()

  private static func place(_ kind: Kind) -> Int { Kind.allCases.firstIndex(of: kind)! }

  /// Between `none` at 0 and `full` at 1 of a strength.
  func bound(_ kind: Kind, _ none: Float, _ full: Float) -> Float { none + (full - none) * self[kind] }
}
