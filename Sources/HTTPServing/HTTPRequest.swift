/// One request without query and body, which no page reads.
package struct HTTPRequest: Sendable {
  package var method: HTTPMethod
  /// The path's segments, decoded; `/` has none.
  package var path: [String]
  package var headers: HTTPHeaders
  /// What the route's `{name}` segments matched.
  package internal(set) var parameters: [String: String] = [:]

  package init(method: HTTPMethod = .get, path: [String], headers: HTTPHeaders = [:]) {
    self.method = method
    self.path = path
    self.headers = headers
  }
}
