import Foundation

/// A small file system in memory that only one thread can see and that ends with it.
enum PrivateFileSystem {
  /// Runs a body on a thread of its own, with a folder in which a file system of `byteCount` bytes is mounted; nil
  /// where this process may not mount.
  static func run<Value: Sendable>(
    byteCount: Int, _ body: @escaping @Sendable (_ folder: String) -> Value
  ) async -> Value? {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { continuation.resume(returning: mounted(byteCount, body)) }
    }
  }

  private static func mounted<Value>(_ byteCount: Int, _ body: (String) -> Value) -> Value? {
    typealias Unshare = @convention(c) (CInt) -> CInt
    typealias Mount =
      @convention(c) (
        UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafePointer<CChar>?, CUnsignedLong, UnsafePointer<CChar>?
      ) -> CInt
    // Neither is in the headers that Foundation brings.
    guard let unshare = dlsym(nil, "unshare"), let mount = dlsym(nil, "mount") else { return nil }
    let (namespace, recursive, isPrivate): (CInt, CUnsignedLong, CUnsignedLong) = (0x20000, 1 << 14, 1 << 18)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lectern-\(UUID().uuidString)").path
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { rmdir(folder) }
    guard unsafeBitCast(unshare, to: Unshare.self)(namespace) == 0 else { return nil }
    let attach = unsafeBitCast(mount, to: Mount.self)
    guard attach("none", "/", nil, recursive | isPrivate, nil) == 0,
      attach("none", folder, "tmpfs", 0, "size=\(byteCount)") == 0
    else { return nil }
    defer { umount(folder) }
    return body(folder)
  }

  private static func umount(_ folder: String) {
    typealias Unmount = @convention(c) (UnsafePointer<CChar>, CInt) -> CInt
    guard let unmount = dlsym(nil, "umount2") else { return }
    _ = unsafeBitCast(unmount, to: Unmount.self)(folder, 2)
  }
}
