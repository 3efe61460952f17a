package import struct Foundation.Date

/// One log line before it is written.
package struct LogEntry: Sendable, Equatable {
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

  /// The value under a key; of two equal keys the later.
  package subscript(_ key: String) -> MetadataValue? { metadata.last { $0.key == key }?.value }

  package static func == (left: LogEntry, right: LogEntry) -> Bool {
    left.time == right.time && left.level == right.level && left.label == right.label && left.message == right.message
      && left.metadata.elementsEqual(right.metadata, by: ==)
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
