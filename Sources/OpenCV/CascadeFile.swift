import Foundation

/// Where distributions put the cascades of the package `opencv-data`.
package enum CascadeFile {
  /// The cascade that measurement favours for frontal webcam faces.
  package static let frontal = "haarcascade_frontalface_alt.xml"
  /// For heads turned to the picture's left; mirrored pictures give the other side.
  package static let profile = "haarcascade_profileface.xml"

  private static let roots = [
    "/usr/share/opencv4", "/usr/local/share/opencv4", "/usr/share/opencv", "/opt/share/opencv4",
  ]
  private static let folders = ["haarcascades", "lbpcascades"]

  /// The path of a cascade file by its name.
  package static func find(_ name: String) throws(OpenCVError) -> String {
    for root in roots {
      for folder in folders {
        let path = "\(root)/\(folder)/\(name)"
        if FileManager.default.isReadableFile(atPath: path) { return path }
      }
    }
    throw OpenCVError(
      .cascadeNotFound, "\(name) is not installed; run: apt-get install opencv-data (or give a cascade's path)")
  }
}
