/// One value beside a log message. Never a learner or session id, payload or bound SQL value.
package enum MetadataValue: Sendable, Equatable, ExpressibleByStringInterpolation, CustomStringConvertible {
  case string(String)
  case int(Int64)
  case double(Double)

  package init(stringLiteral value: String) { self = .string(value) }

  /// A duration in seconds, the base unit of times in logs and metrics.
  package static func seconds(_ duration: Duration) -> MetadataValue { .double(duration.inSeconds) }

  package var description: String {
    switch self {
    case .string(let value): value
    case .int(let value): "\(value)"
    case .double(let value): "\(value)"
    }
  }
}

extension Duration {
  /// This duration as a fraction of seconds.
  package var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }

  /// This duration in milliseconds, rounded towards zero.
  package var wholeMilliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
