package import Telemetry

/// Everything between a parsed request and its answer: host check, routes, errors, entity tags, security headers,
/// metrics. Without sockets, so that tests can call it in memory.
package struct HTTPApplication: Sendable {
  private let router: Router
  private let allowedHosts: Set<String>?
  private let metrics: MetricsRegistry
  private let logger: Logger

  /// - Parameter allowedHosts: the host names (without port) a request may name, lower case; nil allows every name, and
  ///   none. A server on the loopback address lists its own names (`HTTPListener.ownNames`), so that a web page
  ///   elsewhere whose name was made to resolve to 127.0.0.1 cannot read it.
  package init(
    router: Router, allowedHosts: Set<String>? = nil, metrics: MetricsRegistry, logger: Logger
  ) {
    self.router = router
    self.allowedHosts = allowedHosts
    self.metrics = metrics
    self.logger = logger
  }

  /// The answer to a request; never throws, never waits longer than its handler does.
  package func respond(to request: HTTPRequest) async -> HTTPResponse {
    let start = ContinuousClock.now
    let (pattern, answer) = await routed(request)
    let response = finished(answer, for: request)
    record(pattern, request.method, response.status, since: start)
    return response
  }

  private func routed(_ request: HTTPRequest) async -> (pattern: String, HTTPResponse) {
    if let refusal = refusal(ofHost: request.headers["Host"]) { return ("other", .failure(refusal)) }
    switch router.match(request.method, request.path) {
    case .notFound: return ("other", .failure(.notFound))
    case .methodNotAllowed(let allowed):
      var response = HTTPResponse.failure(.methodNotAllowed)
      response.headers["Allow"] = allowed.map(\.rawValue).joined(separator: ", ")
      return ("other", response)
    case .found(let route, let parameters):
      var request = request
      request.parameters = parameters
      do {
        return (route.pattern, try await route.handler(request))
      } catch is CancellationError {
        return (route.pattern, .failure(.unavailable))
      } catch {
        // The error's own words stay here: they may name a table, a file or a server.
        logger.error("request failed", metadata: ["route": "\(route.pattern)", "error": "\(error)"])
        return (route.pattern, .failure(.internalError))
      }
    }
  }

  private func finished(_ answer: HTTPResponse, for request: HTTPRequest) -> HTTPResponse {
    var response = answer
    if response.isTagged {
      let tag = EntityTag.tag(of: response.body)
      response.headers["ETag"] = tag
      if request.method == .get || request.method == .head, let known = request.headers["If-None-Match"],
        EntityTag.matches(known, tag)
      {
        response.status = .notModified
        response.body = []
        response.headers["Content-Type"] = nil
      }
    }
    SecurityHeaders.apply(to: &response.headers)
    return response
  }

  /// Why a `Host` header is not for this server, if it is not: 400 for what names no host, 421 for another one.
  private func refusal(ofHost value: String?) -> HTTPStatus? {
    guard let value else { return allowedHosts == nil ? nil : .misdirected }
    guard let host = HostHeader(value) else { return .badRequest }
    return allowedHosts?.contains(host.name) ?? true ? nil : .misdirected
  }

  private func record(
    _ pattern: String, _ method: HTTPMethod, _ status: HTTPStatus, since start: ContinuousClock.Instant
  ) {
    metrics.counter(
      "lectern_http_requests_total", help: "Requests answered, by route and class of status.",
      labels: ["route": pattern, "method": method.rawValue, "status": "\(status.code / 100)xx"]
    ).increment()
    metrics.histogram(
      "lectern_http_request_seconds", help: "Time from a complete request to its answer, by route.",
      labels: ["route": pattern]
    ).observe(ContinuousClock.now - start)
  }
}
