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

  private static func talk(port: UInt16, _ request: [UInt8], until: String?) throws -> String {
    let descriptor = try connected(port: port)
    defer { close(descriptor) }
    // A server that refuses early may close while we still send; what it said is still there to read.
    try? send(descriptor, request)
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

  private static func connected(port: UInt16) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw Failure(step: "socket", number: errno) }
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
