package import struct Foundation.Date

/// One log line before it is written.
package struct LogEntry: Sendable {
  package var time: Date
  package var level: LogLevel
  /// The part of the program that speaks, for example `worker`.
  package var label: String
  /// The literal message.
  package var message: String
  /// Data beside the message, in the order given.
  package var metadata: [(key: String, value: MetadataValue)]

  package init(
    time: Date, level: LogLevel, label: String, message: String, metadata: [(key: String, value: MetadataValue)]
  ) {
    (self.time, self.level, self.label, self.message, self.metadata) = (time, level, label, message, metadata)
  }
}

/// Where log lines go. Called from any thread; must not block for long and must not log.
package protocol LogSink: Sendable {
  func write(_ entry: LogEntry)
}

/// A sink that drops everything.
package struct SilentLogSink: LogSink {
  package init() {}
  package func write(_ entry: LogEntry) {}
}
