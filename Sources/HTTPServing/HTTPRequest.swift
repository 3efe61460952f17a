/// One request, complete with its body.
package struct HTTPRequest: Sendable {
  package var method: HTTPMethod
  /// The path's segments, decoded; `/` has none.
  package var path: [String]
  /// Query items in order, decoded.
  package var query: [(name: String, value: String)]
  package var headers: HTTPHeaders
  package var body: [UInt8]
  /// What the route's `{name}` segments matched.
  package internal(set) var parameters: [String: String] = [:]

  package init(
    method: HTTPMethod = .get, path: [String], query: [(name: String, value: String)] = [],
    headers: HTTPHeaders = [:], body: [UInt8] = []
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
    self.body = body
  }
}
