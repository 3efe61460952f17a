import Foundation

/// A path as the file system has it: bytes, which need not be a text.
///
/// Equal, hashed and ordered by its bytes: Swift takes texts of different normal forms for equal, and two files of one
/// folder may be named so.
package struct FilePath: Hashable, Comparable, Sendable {
  package let bytes: [UInt8]

  package init(_ text: String) { bytes = Array(text.utf8) }

  package init(bytes: [UInt8]) { self.bytes = bytes }

  /// For people: what is not UTF-8 is replaced, so that it need not lead back to the file.
  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The path of what lies in this folder.
  package func appending(_ name: [UInt8]) -> FilePath {
    FilePath(bytes: bytes.last == UInt8(ascii: "/") ? bytes + name : bytes + [UInt8(ascii: "/")] + name)
  }

  /// The folder that it lies in.
  package var folder: FilePath {
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return FilePath(".") }
    return FilePath(bytes: slash == 0 ? [bytes[0]] : Array(bytes[..<slash]))
  }

  /// The same file by its one path without links; what is not there keeps its name within its folder.
  package var resolved: FilePath {
    if let whole = real { return whole }
    guard let folder = folder.real else { return self }
    let name = bytes.reversed().prefix { $0 != UInt8(ascii: "/") }.reversed()
    return folder.appending(Array(name))
  }

  private var real: FilePath? {
    guard let path = withCString({ realpath($0, nil) }) else { return nil }
    defer { free(path) }
    return FilePath(bytes: Array(UnsafeRawBufferPointer(start: UnsafeRawPointer(path), count: strlen(path))))
  }

  /// What a link leads to, beside itself where that is relative; nil with errno set where it is no link.
  var linkTarget: FilePath? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = withCString { path in
      buffer.withUnsafeMutableBytes { readlink(path, $0.baseAddress!, $0.count) }
    }
    guard count >= 0 else { return nil }
    let target = Array(buffer.prefix(count))
    return target.first == UInt8(ascii: "/") ? FilePath(bytes: target) : folder.appending(target)
  }

  /// Whether this folder lies in the kernel's view of processes (proc(5)), by whatever name it is reached.
  var isOfProcesses: Bool {
    var (own, processes) = (stat(), stat())
    return withCString { stat($0, &own) } == 0 && stat("/proc", &processes) == 0 && own.st_dev == processes.st_dev
  }

  /// The number of the descriptor of this process that the path stands for, such as 1 for `/dev/stdout`'s target.
  var ownDescriptor: Int32? {
    guard folder.real == FilePath("/proc/\(getpid())/fd") else { return nil }
    return Int32(text.split(separator: "/").last ?? "")
  }

  /// Waits until a folder's names are on the disk, as far as its file system offers that.
  package func synchronize() {
    let descriptor = withCString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    (bytes + [0]).withUnsafeBytes { body($0.bindMemory(to: CChar.self).baseAddress!) }
  }

  package static func < (left: FilePath, right: FilePath) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}
