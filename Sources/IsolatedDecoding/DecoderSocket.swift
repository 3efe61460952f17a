import CLinux
import Glibc

/// One end of a pair of sockets that keep messages apart. Owned by one thread at a time; closed with its owner.
package struct DecoderSocket: ~Copyable {
  package enum Received {
    case message([UInt8])
    /// The other end is gone. Whether it had taken what was last sent to it is the kernel's word and not its own:
    /// closing a socket with a message left in it resets the other end (`ECONNRESET`), closing an empty one ends it.
    case closed(hadTaken: Bool)
    case late
  }

  private let descriptor: Int32

  /// Takes over a descriptor.
  package init(adopting descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Two connected ends, close-on-exec; nil with errno set when the system refuses.
  package static func pair() -> (Int32, Int32)? {
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    return socketpair(AF_UNIX, type, 0, &ends) == 0 ? (ends[0], ends[1]) : nil
  }

  /// False if the other end is gone.
  package func send(_ message: [UInt8]) -> Bool {
    Self.uninterrupted { Glibc.send(descriptor, message, message.count, Int32(MSG_NOSIGNAL)) } == message.count
  }

  /// Whether the other end has taken what was last sent to it, by the kernel's count. Where the kernel does not say, it
  /// has: a frame given up by mistake is better than one that is tried for ever.
  package var isTaken: Bool { lectern_all_taken(descriptor) != 0 }

  /// Waits for a message as long as it takes and leaves it where it is. False if the other end is gone.
  ///
  /// Whoever takes in a second step does so by its own code: the kernel also hands a message to a process that waits
  /// and is already killed, and then that has taken it.
  package func waitForMessage() -> Bool {
    var first: UInt8 = 0
    return Self.uninterrupted { recv(descriptor, &first, 1, Int32(MSG_PEEK)) } > 0
  }

  /// Waits for a message as long as it takes.
  package func receive(limitBytes: Int) -> Received {
    withUnsafeTemporaryAllocation(byteCount: limitBytes, alignment: 8) { buffer in
      let count = Self.uninterrupted { recv(descriptor, buffer.baseAddress, limitBytes, 0) }
      if count > 0 { return .message([UInt8](buffer[..<count])) }
      return .closed(hadTaken: count == 0 || errno != ECONNRESET)
    }
  }

  /// What a call returns that no signal interrupted.
  private static func uninterrupted(_ call: () -> Int) -> Int {
    while true {
      let count = call()
      if count >= 0 || errno != EINTR { return count }
    }
  }

  /// Waits for a message for a while, cut into slices: should both processes stand still (a frozen container, a machine
  /// asleep), that costs one slice and not the whole time. Late, too, once `isAbandoned` is true behind a slice.
  package func receive(
    limitBytes: Int, within limit: Duration, slices: Int = 20, unless isAbandoned: () -> Bool = { false }
  ) -> Received {
    let milliseconds = max(1, Int32(clamping: Int64(limit / .milliseconds(slices))))
    for _ in 0..<slices {
      var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let count = poll(&polled, 1, milliseconds)
      if count > 0 { return receive(limitBytes: limitBytes) }
      if count < 0, errno != EINTR { return .closed(hadTaken: true) }
      if isAbandoned() { break }
    }
    return .late
  }
}
