package import Tensors
package import Vision

/// A gray 224×224 crop as the input of a network that was trained on ImageNet.
package enum NetworkInput {
  /// ImageNet's per-channel mean and deviation of red, green, blue in 0…1, as torchvision's weights expect.
  package static let mean: [Float] = [0.485, 0.456, 0.406]
  package static let deviation: [Float] = [0.229, 0.224, 0.225]

  /// `[places, 3, 224, 224]`: ((g/255) − mean_c)/std_c, the same gray in every channel.
  ///
  /// - Parameter places: at least as many as there are crops, whose number it is where nil; the last ones are filled
  ///   with zeros.
  package static func tensor(of crops: [GrayImage], places: Int? = nil) -> Tensor<Float> {
    ImageLayout().tensor(of: crops.map { FrameFeatures(crop: $0) }, places: places)
  }

  /// Writes `[3, h, w]` for a crop of h×w pixels.
  static func write(_ crop: GrayImage, to buffer: UnsafeMutableBufferPointer<Float>) {
    let count = crop.pixels.count
    precondition(buffer.count == 3 * count, "three planes of the crop's size")
    for channel in 0..<3 {
      // 256 values are worth a table: 3·50,176 divisions become look-ups.
      let table = (0..<256).map { (Float($0) / 255 - mean[channel]) / deviation[channel] }
      table.withUnsafeBufferPointer { table in
        crop.pixels.withUnsafeBufferPointer { pixels in
          for i in 0..<count { buffer[channel * count + i] = table[Int(pixels[i])] }
        }
      }
    }
  }
}
