/// One value beside a log message. Never a learner or session id, payload or bound SQL value.
package enum MetadataValue: Sendable, Equatable {
  case string(String)
  case int(Int64)
  case double(Double)
  case bool(Bool)

  package init(_ value: some CustomStringConvertible) { self = .string(value.description) }
  package init(_ value: some BinaryInteger) { self = .int(Int64(clamping: value)) }
  package init(_ value: some BinaryFloatingPoint) { self = .double(Double(value)) }
  package init(_ value: Bool) { self = .bool(value) }
  package init(_ value: String) { self = .string(value) }

  /// A duration in seconds, the base unit of times in logs and metrics.
  package static func seconds(_ duration: Duration) -> MetadataValue { .double(duration.inSeconds) }
}

extension MetadataValue: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int64) { self = .int(value) }
  package init(floatLiteral value: Double) { self = .double(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension MetadataValue: CustomStringConvertible {
  package var description: String {
    switch self {
    case .string(let value): value
    case .int(let value): "\(value)"
    case .double(let value): "\(value)"
    case .bool(let value): "\(value)"
    }
  }
}

extension Duration {
  /// This duration as a fraction of seconds.
  package var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
