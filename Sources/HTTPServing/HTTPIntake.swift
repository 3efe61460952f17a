import CMicroHTTPD

/// Reads a request out of the library's connection. Only inside its callbacks, on its thread.
enum HTTPIntake {
  /// What the library hands over beside the connection once a request's headers are there.
  struct Head {
    let method, url, version: UnsafePointer<CChar>
    /// How long the target was before the library took it apart: up to the first NUL in it.
    let targetBytes: Int
  }

  /// The status to refuse a request with once its headers are known, or nil to go on.
  static func refusal(_ connection: OpaquePointer, _ head: Head, limits: HTTPLimits) -> HTTPStatus? {
    let path = UnsafeBufferPointer(start: head.url, count: limits.pathBytes + 1)
    guard path.contains(0) else { return .uriTooLong }
    if fields(connection, .GET_ARGUMENT_KIND).count > limits.queryItems { return .uriTooLong }
    let lines = fields(connection, .HEADER_KIND)
    if lines.count > limits.headerFields { return .headersTooLarge }
    if lines.reduce(0, { $0 + $1.name.count + $1.value.count }) > limits.headerBytes { return .headersTooLarge }
    if hidesBytes(connection, head, lines) { return .badRequest }
    let headers = lines.map(\.text)
    guard RequestRules.allow(headers, version: String(cString: head.version)) else { return .badRequest }
    if let declared = headers.first(where: { $0.name.lowercased() == "content-length" }) {
      guard let length = UInt64(declared.value) else { return .badRequest }
      if length > UInt64(limits.bodyBytes) { return .contentTooLarge }
    }
    return nil
  }

  /// The complete request; nil if its path or query cannot be decoded.
  static func request(
    _ connection: OpaquePointer, method: HTTPMethod, url: UnsafePointer<CChar>
  ) -> HTTPRequest? {
    guard let path = HTTPTarget.segments(ofPath: String(cString: url)) else { return nil }
    for item in fields(connection, .GET_ARGUMENT_KIND) {
      let (name, value) = item.text
      guard HTTPTarget.decoded(name) != nil, HTTPTarget.decoded(value) != nil else { return nil }
    }
    var headers = HTTPHeaders()
    for field in fields(connection, .HEADER_KIND) { headers.add(field.text.name, field.text.value) }
    return HTTPRequest(method: method, path: path, headers: headers)
  }

  /// One of the connection's values, where the library keeps it.
  private struct Field {
    let name, value: UnsafeRawBufferPointer

    /// Copies both. Bytes that are no UTF-8 are replaced.
    var text: (name: String, value: String) {
      (String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
    }
  }

  /// The connection's values of one kind, in their order.
  private static func fields(_ connection: OpaquePointer, _ kind: MHD_ValueKind) -> [Field] {
    var fields: [Field] = []
    withUnsafeMutablePointer(to: &fields) { pointer in
      _ = MHD_get_connection_values_n(
        connection, kind,
        { context, _, name, nameSize, value, valueSize in
          context?.assumingMemoryBound(to: [Field].self).pointee.append(
            Field(
              name: UnsafeRawBufferPointer(start: name, count: name == nil ? 0 : nameSize),
              value: UnsafeRawBufferPointer(start: value, count: value == nil ? 0 : valueSize)))
          return .YES
        }, pointer)
    }
    return fields
  }

  /// Whether bytes came that the library does not show: those behind a NUL, and folded lines.
  ///
  /// libmicrohttpd before 1.0 reads a line up to the first NUL, and what is behind it is in no value; from 1.0 on it
  /// refuses such a request itself. It leaves the lines where they arrived, one behind the other in one buffer, and
  /// writes NULs over colons and line ends. So between the end of a value and the next name there is a line end, one or
  /// two bytes, and no more unless something is hidden; the same holds for the target up to the version, and for what
  /// is between the last value and the end of the headers.
  private static func hidesBytes(_ connection: OpaquePointer, _ head: Head, _ lines: [Field]) -> Bool {
    guard showsNoNUL else { return false }
    guard head.version - head.url == head.targetBytes + 1 else { return true }
    var end = UnsafeRawPointer(head.version)
    while end.load(as: UInt8.self) != 0 { end += 1 }
    for line in lines {
      guard let name = line.name.baseAddress, let value = line.value.baseAddress,
        (1...2).contains(name - end), value > name + line.name.count
      else { return true }
      end = value + line.value.count
    }
    let whole = UnsafeRawPointer(head.method) + lectern_mhd_header_bytes(connection)
    return !(2...4).contains(whole - end)
  }

  private static let showsNoNUL = String(cString: MHD_get_version()).hasPrefix("0.")
}
