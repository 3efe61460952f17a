import Synchronization
package import Telemetry

/// A sink that keeps every entry in memory.
package final class CapturingLogSink: LogSink {
  private let stored = Mutex<[LogEntry]>([])

  package init() {}

  package func write(_ entry: LogEntry) { stored.withLock { $0.append(entry) } }

  /// Everything written so far, oldest first.
  package var entries: [LogEntry] { stored.withLock { $0 } }

  /// The messages written so far, oldest first.
  package var messages: [String] { entries.map(\.message) }
}

extension LogEntry {
  /// The value under a key.
  package subscript(_ key: String) -> MetadataValue? { metadata.first { $0.key == key }?.value }
}
