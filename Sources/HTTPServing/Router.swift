/// Which handler answers which path.
package struct Router: Sendable {
  package typealias Handler = @Sendable (HTTPRequest) async throws -> HTTPResponse

  struct Route: Sendable {
    let method: HTTPMethod
    /// As it was declared, for metrics: a label that never carries an id.
    let pattern: String
    let segments: [Segment]
    let handler: Handler
  }

  enum Segment: Sendable {
    case literal(String)
    case parameter(String)
  }

  enum Match: Sendable {
    case found(Route, parameters: [String: String])
    case methodNotAllowed(allowed: [HTTPMethod])
    case notFound
  }

  private(set) var routes: [Route] = []

  package init() {}

  /// Adds a route such as `/courses/{id}/report`. The first that matches answers; GET answers HEAD as well.
  package mutating func on(_ method: HTTPMethod, _ pattern: StaticString, _ handler: @escaping Handler) {
    let text = pattern.description
    precondition(text.hasPrefix("/"), "a pattern starts with a slash")
    let segments = text.split(separator: "/").map { part -> Segment in
      part.hasPrefix("{") && part.hasSuffix("}")
        ? .parameter(String(part.dropFirst().dropLast())) : .literal(String(part))
    }
    routes.append(Route(method: method, pattern: text, segments: segments, handler: handler))
  }

  func match(_ method: HTTPMethod, _ path: [String]) -> Match {
    var allowed: [HTTPMethod] = []
    for route in routes {
      guard let parameters = route.parameters(of: path) else { continue }
      if route.method == method || (route.method == .get && method == .head) {
        return .found(route, parameters: parameters)
      }
      allowed += route.method == .get ? [.get, .head] : [route.method]
    }
    return allowed.isEmpty ? .notFound : .methodNotAllowed(allowed: allowed)
  }
}

extension Router.Route {
  func parameters(of path: [String]) -> [String: String]? {
    guard path.count == segments.count else { return nil }
    var parameters: [String: String] = [:]
    for (segment, part) in zip(segments, path) {
      switch segment {
      case .literal(let literal): if literal != part { return nil }
      case .parameter(let name): parameters[name] = part
      }
    }
    return parameters
  }
}
