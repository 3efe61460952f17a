import Telemetry
import TextOutput

/// Writes each log entry as one line to the console's error output.
struct ConsoleLogSink: LogSink {
  let console: Console
  let format: LogFormat

  func write(_ entry: LogEntry) { console.note(format.line(entry) + "\n") }
}
