import Addresses
import Configuration
import Foundation
import Watching

/// Where a worker serves its metrics: `http://127.0.0.1:9101`, with or without a path.
struct MetricsAddress: ConfigurationValue, Hashable {
  let host: String
  let port: UInt16
  let path: String

  init?(configurationText text: String) {
    guard let url = URLComponents(string: text), url.scheme == "http", let host = url.host, !host.isEmpty,
      url.user == nil, url.query == nil, let port = UInt16(exactly: url.port ?? 80), port > 0
    else { return nil }
    // An IPv6 address comes with its brackets, without which it is looked up.
    self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    (self.port, path) = (port, url.path.isEmpty || url.path == "/" ? "/metrics" : url.path)
  }

  private var endpoint: Endpoint { Endpoint(host: host, port: port) }

  var configurationText: String { "http://\(endpoint)\(path)" }
  static var configurationExpectation: String { "an address like http://127.0.0.1:9101" }

  /// The batches a worker has stored, as its metrics say; nil if it does not answer, or is none. Blocks its thread for
  /// two seconds at most, or a little more.
  func batches(uptime: () -> Duration) -> WorkerObservation.Batches? {
    guard let text = fetch(uptime) else { return nil }
    func value(_ name: String) -> Double? {
      for line in text.split(separator: "\n") where line.hasPrefix("\(name) ") {
        return Double(line.dropFirst(name.count + 1))
      }
      return nil
    }
    guard let seconds = value("lectern_ingest_store_seconds_sum"),
      let count = value("lectern_ingest_store_seconds_count"), let whole = Int64(exactly: count.rounded())
    else { return nil }
    return WorkerObservation.Batches(count: whole, seconds: seconds)
  }

  /// A page of a local server needs no client library: one request of HTTP/1.0, whose answer ends with the connection.
  private func fetch(_ uptime: () -> Duration) -> String? {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, "\(port)", &hints, &found) == 0, let address = found else { return nil }
    defer { freeaddrinfo(found) }
    let descriptor = socket(address.pointee.ai_family, address.pointee.ai_socktype, 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    // Linux holds connect and each read and write to these.
    // One second as a timeval, whose initialiser Swift hides where it sees the struct through another module first.
    let limit = [time_t(1), 0]
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, limit, socklen_t(MemoryLayout<timeval>.size))
    }
    guard connect(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 else { return nil }
    let request = Array("GET \(path) HTTP/1.0\r\nHost: \(endpoint)\r\nConnection: close\r\n\r\n".utf8)
    guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { return nil }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    let deadline = uptime() + .seconds(2)
    while bytes.count < 4 << 20, uptime() < deadline {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      guard count > 0 else { break }
      bytes += chunk.prefix(count)
    }
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.hasPrefix("HTTP/1."), text.dropFirst(9).hasPrefix("200") else { return nil }
    return text
  }
}
