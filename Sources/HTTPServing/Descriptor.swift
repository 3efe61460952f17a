import Glibc
import Synchronization

/// A file descriptor that is closed when its owner goes, unless it was handed on.
final class Descriptor: Sendable {
  private let value: Mutex<Int32>

  /// Adopts what a system call returned, a failure (−1) included.
  init(_ number: Int32) { value = Mutex(number) }

  deinit {
    let number = value.withLock { $0 }
    if number >= 0 { close(number) }
  }

  var number: Int32 { value.withLock { $0 } }
  var isOpen: Bool { number >= 0 }

  /// The number, no longer owned here.
  func take() -> Int32 {
    value.withLock { number in
      defer { number = -1 }
      return number
    }
  }
}
