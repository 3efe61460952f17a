import Foundation

/// A user of this machine, to run a child as.
package struct SystemUser: Sendable, Equatable {
  package let name: String
  package let uid, gid: UInt32

  /// Nil if there is no user of that name.
  package init?(_ name: String) {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var storage = [CChar](repeating: 0, count: 16 << 10)
    guard getpwnam_r(name, &entry, &storage, storage.count, &found) == 0, found != nil else { return nil }
    (self.name, uid, gid) = (name, entry.pw_uid, entry.pw_gid)
  }
}
