import Foundation

/// Why a file cannot be read. The description follows the file's name.
package enum FileError: Error, Hashable, CustomStringConvertible {
  /// The system's number of the error.
  case unreadable(Int32)
  /// A folder, pipe, device or socket.
  case notRegular

  package var description: String {
    switch self {
    case .unreadable(let number): "cannot be read: \(SystemError.text(number))"
    case .notRegular: "is not a file"
    }
  }

  /// The same as a sentence about a path.
  package func sentence(about path: String) -> String {
    switch self {
    case .unreadable(let number): "cannot read \(path): \(SystemError.text(number))"
    case .notRegular: "\(path) \(self)"
    }
  }
}
