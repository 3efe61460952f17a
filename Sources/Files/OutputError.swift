package import Foundation
import PlainText

/// A failure to write somewhere that may be a reader's leaving: the command then ends as one whose output nobody reads
/// any more.
package protocol AbandonableOutputError: Error {
  var isAbandoned: Bool { get }
}

/// Why a file cannot be written, as a sentence that names it.
package struct OutputError: AbandonableOutputError, Hashable, CustomStringConvertible {
  package enum Reason: Error, Hashable {
    /// The system's number of the error.
    case system(Int32)
    /// Another run is writing it.
    case taken
    /// The file that would be written first is not this user's.
    case foreign
    /// What a killed run left beside the folder cannot be removed.
    case leftover
    /// The file that would be replaced is another user's, who may not be able to read the new one.
    case owned(by: uid_t)
    /// The file that would be replaced is of a group that this user is not in, and which could not read the new one.
    case group(gid_t)
  }

  package let path: FilePath
  package let reason: Reason

  init(_ path: FilePath, _ reason: Reason) { (self.path, self.reason) = (path, reason) }

  /// Whether it is a pipe or a socket whose reader has left.
  package var isAbandoned: Bool { reason == .system(EPIPE) }

  package var description: String {
    "cannot write \(path.text.printable): \(cause)"
  }

  /// The same without the file's name.
  package var cause: String {
    switch reason {
    case .system(let number): SystemError.text(number)
    case .taken: "another run is writing it; wait for that, or name another file"
    case .foreign: "the file of the same name with .partial is not this user's; remove it, or name another file"
    case .owned(let user):
      "it belongs to the user with number \(user), who might not be able to read what replaces it; remove it first, or "
        + "name another file"
    case .leftover:
      "what an earlier run left beside it, under the same name with .partial, cannot be removed; remove it by hand"
    case .group(let group):
      "its group, of number \(group), cannot be kept and might not be able to read what replaces it; remove it first, or "
        + "name another file"
    }
  }
}
