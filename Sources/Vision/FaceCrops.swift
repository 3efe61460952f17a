/// The three gray pictures of one face that the features are computed from (preprocessing, version 1).
///
/// A square of side 1.25·max(w, h) about the face, edges replicated, becomes 224×224 in 8 bits (VGG16's input before
/// its normalisation); 64×64 (HOG) and 112×112 (SIFT) are made from it by area.
package struct FaceCrops: Sendable, Hashable {
  /// `features_version` of a bundle: a change of any number here is another version.
  package static let version = 1

  /// 224×224, for VGG16.
  package let vgg: GrayImage
  /// 64×64, for HOG.
  package let hog: GrayImage
  /// 112×112, for SIFT.
  package let sift: GrayImage

  /// - Parameter face: a rectangle that fits the image.
  package init(of face: PixelRect, in image: GrayImage) {
    vgg = image.resampled(face.faceSquare, width: 224, height: 224)
    hog = vgg.resampled(width: 64, height: 64)
    sift = vgg.resampled(width: 112, height: 112)
  }
}
