import struct Foundation.Date

/// Writes structured log lines to a sink. A value: pass it in, never keep it global.
///
/// The message is a literal, so that lines group by message; what varies goes into metadata.
package struct Logger: Sendable {
  /// The part of the program that speaks.
  package var label: String
  /// Lines below this level are dropped before their metadata is evaluated.
  package var level: LogLevel
  private let sink: any LogSink

  package init(label: String, level: LogLevel = .info, sink: any LogSink) {
    (self.label, self.level, self.sink) = (label, level, sink)
  }

  /// A logger that drops everything, for callers that do not care.
  package static var silent: Logger { Logger(label: "silent", level: .error, sink: SilentLogSink()) }

  /// The same logger under another label.
  package func labelled(_ label: String) -> Logger { Logger(label: label, level: level, sink: sink) }

  package func debug(
    _ message: StaticString, metadata: @autoclosure () -> KeyValuePairs<String, MetadataValue> = [:]
  ) { log(.debug, message, metadata: metadata()) }

  package func info(
    _ message: StaticString, metadata: @autoclosure () -> KeyValuePairs<String, MetadataValue> = [:]
  ) { log(.info, message, metadata: metadata()) }

  /// Something went wrong and was recovered from.
  package func warning(
    _ message: StaticString, metadata: @autoclosure () -> KeyValuePairs<String, MetadataValue> = [:]
  ) { log(.warning, message, metadata: metadata()) }

  /// Something was lost, or needs a person.
  package func error(
    _ message: StaticString, metadata: @autoclosure () -> KeyValuePairs<String, MetadataValue> = [:]
  ) { log(.error, message, metadata: metadata()) }

  package func log(
    _ level: LogLevel, _ message: StaticString,
    metadata: @autoclosure () -> KeyValuePairs<String, MetadataValue> = [:]
  ) {
    guard level >= self.level else { return }
    let pairs = metadata().map { ($0.key, $0.value) }
    sink.write(LogEntry(time: Date(), level: level, label: label, message: message.description, metadata: pairs))
  }
}
