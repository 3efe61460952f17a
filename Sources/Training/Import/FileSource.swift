import Cryptography
import Files

/// A regular file that is read from its beginning to its end by one thread, and hashed on the way.
final class FileSource {
  private let file: RegularFile
  private let path: String
  private var hash: SHA256Stream? = SHA256Stream()
  private var position = 0
  var byteCount: Int { file.byteCount }

  init(_ path: String) throws(ImportError) {
    do throws(FileError) {
      file = try RegularFile.open(FilePath(path))
    } catch {
      let advice = error == .notRegular ? "; name the safetensors file itself" : ""
      throw ImportError(.file, error.sentence(about: path) + advice)
    }
    self.path = path
  }

  /// Reads as many bytes as `target` has.
  func fill(_ target: UnsafeMutableRawBufferPointer) throws(ImportError) {
    guard (try? file.read(into: target, at: position)) == target.count else {
      throw ImportError(.file, "\(path) could not be read to its end; was it changed, or is the disk failing?")
    }
    position += target.count
    hash?.update(UnsafeRawBufferPointer(target))
  }

  /// The SHA-256 of all that was read; traps when it is asked for twice.
  func digest() -> [UInt8] {
    guard let hash = hash.take() else { preconditionFailure("the digest was taken before") }
    return hash.finish()
  }
}
