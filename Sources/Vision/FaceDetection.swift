/// The faces of one picture.
package struct FaceDetection: Sendable, Hashable {
  /// Which look found the faces.
  package enum View: String, Sendable, Hashable, CaseIterable {
    case frontal
    /// Only the last look, for heads turned aside, found something.
    case profile
  }

  /// In pixels of the picture and wholly inside it, largest area first (ties: topmost, then leftmost).
  package let faces: [PixelRect]
  /// Of the look that found them; of the last look where none was found.
  package let view: View
  /// How many looks were taken: 1 where the first one found something.
  package let looks: Int

  package init(faces: [PixelRect], view: View = .frontal, looks: Int = 1) {
    self.faces = faces
    self.view = view
    self.looks = looks
  }
}
