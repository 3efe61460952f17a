/// One answer, held in memory.
package struct HTTPResponse: Sendable {
  package var status: HTTPStatus
  package var headers: HTTPHeaders = [:]
  package var body: [UInt8] = []
  /// Whether the answer carries an entity tag, so that a browser need not load it again while it is unchanged.
  package var isTagged = false

  package static func html(_ document: String, status: HTTPStatus = .ok) -> HTTPResponse {
    HTTPResponse(
      status: status, headers: ["Content-Type": "text/html; charset=utf-8"], body: Array(document.utf8),
      isTagged: status == .ok)
  }

  package static func json(_ document: [UInt8], status: HTTPStatus = .ok) -> HTTPResponse {
    HTTPResponse(
      status: status, headers: ["Content-Type": "application/json"], body: document, isTagged: status == .ok)
  }

  package static func text(
    _ text: String, status: HTTPStatus = .ok, type: String = "text/plain; charset=utf-8"
  ) -> HTTPResponse {
    HTTPResponse(status: status, headers: ["Content-Type": type], body: Array(text.utf8))
  }

  /// The plain answer to a request that cannot be served: the code and its words, no more.
  package static func failure(_ status: HTTPStatus) -> HTTPResponse {
    .text("\(status.code) \(status.reason)\n", status: status)
  }
}
