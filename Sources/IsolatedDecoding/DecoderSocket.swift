import CLinux
import Glibc

/// One end of a pair of sockets that keep messages apart. Owned by one thread at a time; closed with its owner.
struct DecoderSocket: ~Copyable {
  enum Received {
    case message([UInt8])
    /// The other end is gone.
    case closed
    case late
  }

  let descriptor: Int32

  /// Takes over a descriptor.
  init(adopting descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Two connected ends, close-on-exec; nil with errno set when the system refuses.
  static func pair() -> (Int32, Int32)? {
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    return socketpair(AF_UNIX, type, 0, &ends) == 0 ? (ends[0], ends[1]) : nil
  }

  /// False if the other end is gone.
  func send(_ message: [UInt8]) -> Bool {
    while true {
      let count = Glibc.send(descriptor, message, message.count, Int32(MSG_NOSIGNAL))
      if count == message.count { return true }
      if count < 0, errno == EINTR { continue }
      return false
    }
  }

  /// Waits for a message as long as it takes.
  func receive(limitBytes: Int) -> Received {
    withUnsafeTemporaryAllocation(byteCount: limitBytes, alignment: 8) { buffer in
      while true {
        let count = recv(descriptor, buffer.baseAddress, limitBytes, 0)
        if count > 0 { return .message([UInt8](buffer[..<count])) }
        if count < 0, errno == EINTR { continue }
        return .closed
      }
    }
  }

  /// Waits for a message for a while, cut into slices: should both processes stand still (a frozen container, a machine
  /// asleep), that costs one slice and not the whole time.
  func receive(limitBytes: Int, within limit: Duration) -> Received {
    let slices = 20
    let milliseconds = max(1, Int32(clamping: Int64(limit / .milliseconds(slices))))
    for _ in 0..<slices {
      var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let count = poll(&polled, 1, milliseconds)
      if count > 0 { return receive(limitBytes: limitBytes) }
      if count < 0, errno != EINTR { return .closed }
    }
    return .late
  }
}
