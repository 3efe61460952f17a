import CMicroHTTPD

/// Reads a request out of the library's connection. Only inside its callbacks, on its thread.
enum HTTPIntake {
  /// The status to refuse a request with once its headers are known, or nil to go on.
  static func refusal(_ connection: OpaquePointer, url: UnsafePointer<CChar>, limits: HTTPLimits) -> HTTPStatus? {
    let path = UnsafeBufferPointer(start: url, count: limits.pathBytes + 1)
    guard path.contains(0) else { return .uriTooLong }
    if values(connection, .GET_ARGUMENT_KIND).count > limits.queryItems { return .uriTooLong }
    let headers = values(connection, .HEADER_KIND)
    if headers.count > limits.headerFields { return .headersTooLarge }
    if headers.reduce(0, { $0 + $1.name.utf8.count + $1.value.utf8.count }) > limits.headerBytes {
      return .headersTooLarge
    }
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
    for item in values(connection, .GET_ARGUMENT_KIND) {
      guard HTTPTarget.decoded(item.name) != nil, HTTPTarget.decoded(item.value) != nil else { return nil }
    }
    var headers = HTTPHeaders()
    for field in values(connection, .HEADER_KIND) { headers.add(field.name, field.value) }
    return HTTPRequest(method: method, path: path, headers: headers)
  }

  private typealias Fields = [(name: String, value: String)]

  /// Copies the connection's values of one kind. Bytes that are no UTF-8 are replaced.
  private static func values(_ connection: OpaquePointer, _ kind: MHD_ValueKind) -> Fields {
    var fields: Fields = []
    withUnsafeMutablePointer(to: &fields) { pointer in
      _ = MHD_get_connection_values_n(
        connection, kind,
        { context, _, name, nameSize, value, valueSize in
          context?.assumingMemoryBound(to: Fields.self).pointee.append(
            (HTTPIntake.string(name, nameSize), HTTPIntake.string(value, valueSize)))
          return .YES
        }, pointer)
    }
    return fields
  }

  private static func string(_ text: UnsafePointer<CChar>?, _ count: Int) -> String {
    guard let text else { return "" }
    return String(decoding: UnsafeRawBufferPointer(start: text, count: count), as: UTF8.self)
  }
}
