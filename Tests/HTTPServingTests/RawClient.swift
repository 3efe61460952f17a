import Foundation
import Glibc
import Testing

/// A client that says exactly what it is told, on a thread of its own.
enum RawClient {
  struct Failure: Error { var step: String, number: Int32 }

  /// Sends `request` and returns everything the server says until it closes, or until `until` was seen.
  static func exchange(port: UInt16, _ request: String, until: String? = nil) async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(with: Result { try talk(port: port, Array(request.utf8), until: until) })
      }
    }
  }

  /// Sends `request` and leaves without reading.
  static func abandon(port: UInt16, _ request: String) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      Thread.detachNewThread {
        continuation.resume(
          with: Result {
            let descriptor = try connected(port: port)
            defer { close(descriptor) }
            try send(descriptor, Array(request.utf8))
          })
      }
    }
  }

  /// A connection that a test holds: what it sends, and when, is the test's. Closed with the last reference.
  final class Connection: Sendable {
    private let descriptor: Int32

    /// - Parameter receiveBytes: the size of the kernel's buffer for what the server says; nil for the system's own.
    init(port: UInt16, receiveBytes: Int32? = nil) throws {
      descriptor = try RawClient.connected(port: port, receiveBytes: receiveBytes)
    }

    deinit { close(descriptor) }

    /// False if the server has closed the connection.
    func send(_ text: String) -> Bool { (try? RawClient.send(descriptor, Array(text.utf8))) != nil }

    /// Waits until the server closes the connection; what it said by then.
    func waitForEnd() async throws -> String {
      try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { [self] in
          continuation.resume(with: Result { try RawClient.read(descriptor, until: nil) })
        }
      }
    }

    /// Waits until the server has said something, which is left unread.
    func waitForFirstByte() async throws {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        Thread.detachNewThread { [self] in
          var byte: UInt8 = 0
          let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK))
          continuation.resume(
            with: count == 1 ? .success(()) : .failure(Failure(step: "peek", number: errno)))
        }
      }
    }

    /// Whether the server's end of the connection, which is in this process too, is still open, as the kernel tells.
    var isEstablishedAtServer: Bool {
      get throws {
        func hexadecimal(_ port: UInt16) -> String { String(format: "%04X", port) }
        let (mine, its) = (try port(getsockname), try port(getpeername))
        let ends = "0100007F:\(hexadecimal(its)) 0100007F:\(hexadecimal(mine)) 01 "
        return try String(contentsOfFile: "/proc/net/tcp", encoding: .utf8).contains(ends)
      }
    }

    private func port(
      _ name: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) throws -> UInt16 {
      var address = sockaddr_in()
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let status = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name(descriptor, $0, &length) }
      }
      guard status == 0 else { throw Failure(step: "name", number: errno) }
      return UInt16(bigEndian: address.sin_port)
    }

    /// Whether the server has closed the connection by now, and said nothing.
    var isEnded: Bool {
      var byte: UInt8 = 0
      let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
      return count == 0 || (count < 0 && errno != EAGAIN)
    }
  }

  private static func talk(port: UInt16, _ request: [UInt8], until: String?) throws -> String {
    let descriptor = try connected(port: port)
    defer { close(descriptor) }
    // A server that refuses early may close while we still send; what it said is still there to read.
    try? send(descriptor, request)
    return try read(descriptor, until: until)
  }

  private static func read(_ descriptor: Int32, until: String?) throws -> String {
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16384)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count == 0 { break }
      if count < 0 {
        if answer.isEmpty { throw Failure(step: "recv", number: errno) }
        break
      }
      answer.append(contentsOf: buffer[..<count])
      if let until, String(decoding: answer, as: UTF8.self).contains(until) { break }
    }
    return String(decoding: answer, as: UTF8.self)
  }

  private static func send(_ descriptor: Int32, _ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { throw Failure(step: "send", number: errno) }
      sent += count
    }
  }

  private static func connected(port: UInt16, receiveBytes: Int32? = nil) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw Failure(step: "socket", number: errno) }
    if var receiveBytes {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBytes, socklen_t(MemoryLayout<Int32>.size))
    }
    var limit = timeval(tv_sec: 120, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let status = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else {
      let number = errno
      close(descriptor)
      throw Failure(step: "connect", number: number)
    }
    return descriptor
  }
}
