/// A status code of HTTP and the words that the standard has for it.
package struct HTTPStatus: Sendable, Hashable {
  package let code: UInt32
  package let reason: String

  private init(_ code: UInt32, _ reason: String) { (self.code, self.reason) = (code, reason) }

  package static let ok = HTTPStatus(200, "OK")
  package static let notModified = HTTPStatus(304, "Not Modified")
  package static let badRequest = HTTPStatus(400, "Bad Request")
  package static let notFound = HTTPStatus(404, "Not Found")
  package static let methodNotAllowed = HTTPStatus(405, "Method Not Allowed")
  package static let contentTooLarge = HTTPStatus(413, "Content Too Large")
  package static let uriTooLong = HTTPStatus(414, "URI Too Long")
  package static let misdirected = HTTPStatus(421, "Misdirected Request")
  package static let headersTooLarge = HTTPStatus(431, "Request Header Fields Too Large")
  package static let internalError = HTTPStatus(500, "Internal Server Error")
  package static let notImplemented = HTTPStatus(501, "Not Implemented")
  package static let unavailable = HTTPStatus(503, "Service Unavailable")
}
