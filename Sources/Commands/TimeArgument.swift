import Configuration
package import LearningEvents

/// A moment on the command line: a time, `today`, `yesterday`, or how long ago it was (`10m`, `-10m`).
package struct TimeArgument: ConfigurationValue, Equatable {
  private enum Moment: Equatable {
    case time(EventTime)
    case ago(Duration)
    /// Midnight, in UTC as all times that are printed, so many days ago.
    case midnight(daysAgo: Int)
  }

  private let moment: Moment
  package let configurationText: String

  package init?(configurationText text: String) {
    let age = text.hasPrefix("-") ? String(text.dropFirst()) : text
    switch text {
    case "now": moment = .ago(.zero)
    case "today": moment = .midnight(daysAgo: 0)
    case "yesterday": moment = .midnight(daysAgo: 1)
    default:
      if let time = EventTime(rfc3339: text) {
        moment = .time(time)
      } else if let duration = Duration(configurationText: age) {
        moment = .ago(duration)
      } else {
        return nil
      }
    }
    configurationText = text
  }

  package static var configurationExpectation: String {
    "a time like 2026-11-23T10:00:00Z, today, yesterday (in UTC), or how long ago, like 10m or 2d"
  }

  /// The time that is meant where it is `now`.
  package func time(now: EventTime) -> EventTime {
    switch moment {
    case .time(let time): return time
    case .ago(let duration): return now.advanced(by: .zero - duration)
    case .midnight(let days):
      let day: Int64 = 86_400_000_000
      // Rounded down also before 1970.
      let start = now.microseconds - ((now.microseconds % day) + day) % day
      return EventTime(microseconds: start - Int64(days) * day)
    }
  }
}
