import CLinux
import Glibc
import Vision

/// The memory that a worker and one decoder process share: room for the largest file, then room for the largest
/// picture. Nobody can change its size, so that neither side can be made to touch what is gone. Pages are only taken
/// when they are written to.
///
/// One thread at a time; the other process writes whenever it likes, so nothing in here is trusted or read twice.
final class DecoderMemory: @unchecked Sendable {
  private static let page = 4096

  let limits: ImageLimits
  private let base: UnsafeMutableRawPointer
  private let byteCount: Int
  private var pictureStart: Int { limits.maximumBytes }

  /// Makes it; the descriptor, close-on-exec, is the caller's to pass on and close. Nil with errno set when the system
  /// refuses.
  static func make(limits: ImageLimits) -> (memory: DecoderMemory, descriptor: Int32)? {
    let descriptor = lectern_sealed_memory("lectern-decoder", size(limits))
    guard descriptor >= 0 else { return nil }
    guard let memory = DecoderMemory(descriptor: descriptor, limits: limits) else {
      close(descriptor)
      return nil
    }
    return (memory, descriptor)
  }

  /// Maps what `make` made, which may be in another process; nil if it is not of the size that the limits ask for.
  init?(descriptor: Int32, limits: ImageLimits) {
    var status = stat()
    byteCount = Self.size(limits)
    guard fstat(descriptor, &status) == 0, status.st_size == byteCount else { return nil }
    let address = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let address, address != MAP_FAILED else { return nil }
    self.limits = limits
    base = address
  }

  deinit { munmap(base, byteCount) }

  private static func size(_ limits: ImageLimits) -> Int { limits.maximumBytes + limits.maximumPixels }

  /// Puts a file there; it is within the limits.
  func put(file: [UInt8]) {
    precondition(file.count <= limits.maximumBytes, "files are judged before they are passed on")
    file.withUnsafeBytes { base.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
  }

  /// The file of so many bytes, where it lies; nil if it cannot be so large. For the child, which trusts the worker: it
  /// leaves the file alone until it has an answer.
  func file(byteCount: Int) -> UnsafeBufferPointer<UInt8>? {
    guard (1...limits.maximumBytes).contains(byteCount) else { return nil }
    let start = base.bindMemory(to: UInt8.self, capacity: byteCount)
    return UnsafeBufferPointer(start: start, count: byteCount)
  }

  /// Where the child decodes to.
  var pixels: UnsafeMutableBufferPointer<UInt8> {
    let start = (base + pictureStart).bindMemory(to: UInt8.self, capacity: limits.maximumPixels)
    return UnsafeMutableBufferPointer(start: start, count: limits.maximumPixels)
  }

  /// The picture of that size, which a file within the limits declares, copied out: the one copy that a worker keeps.
  func picture(width: Int, height: Int) -> GrayImage {
    precondition(limits.problem(width: width, height: height) == nil, "files are judged before they are passed on")
    let pixels = [UInt8](UnsafeRawBufferPointer(start: base + pictureStart, count: width * height))
    return GrayImage(width: width, height: height, pixels: pixels)
  }

  /// What is kept from one frame to the next, so that frames of a webcam or a phone cost no page faults; what lies
  /// beyond goes back.
  private static let keptPixels = 16 << 20

  /// Wipes the last file and its picture, so that whoever takes the decoder over by the next one finds neither. The
  /// pages that only an unusually large picture needed go back.
  func clear(fileBytes: Int, pixels: Int) {
    memset(base, 0, fileBytes)
    let end = pictureStart + pixels
    let start = min(end, pictureStart + Self.keptPixels) & ~(Self.page - 1)
    if end - start <= Self.page || madvise(base + start, end - start, MADV_REMOVE) != 0 {
      memset(base + pictureStart, 0, pixels)
    } else {
      memset(base + pictureStart, 0, start - pictureStart)
    }
  }
}
