import Cryptography
import Foundation

/// A regular file that is read from its beginning to its end by one thread, and hashed on the way.
final class FileSource {
  private let file: UnsafeMutablePointer<FILE>
  private let path: String
  private var hash: SHA256Stream? = SHA256Stream()
  let byteCount: Int

  init(_ path: String) throws(ImportError) {
    // Not blocking: opening a pipe would otherwise wait for its writer.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0, let file = fdopen(descriptor, "rb") else {
      throw ImportError(.file, "cannot read \(path): \(String(cString: strerror(errno)))")
    }
    var status = stat()
    guard fstat(fileno(file), &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      fclose(file)
      throw ImportError(.file, "\(path) is not a file; name the safetensors file itself")
    }
    self.file = file
    self.path = path
    byteCount = Int(status.st_size)
  }

  deinit { fclose(file) }

  /// Reads as many bytes as `target` has.
  func fill(_ target: UnsafeMutableRawBufferPointer) throws(ImportError) {
    guard fread(target.baseAddress, 1, target.count, file) == target.count else {
      throw ImportError(.file, "\(path) could not be read to its end; was it changed, or is the disk failing?")
    }
    hash?.update(UnsafeRawBufferPointer(target))
  }

  /// The SHA-256 of all that was read; traps when it is asked for twice.
  func digest() -> [UInt8] {
    guard let hash = hash.take() else { preconditionFailure("the digest was taken before") }
    return hash.finish()
  }
}
