package import LearningEvents

/// When a frame may have been captured, relative to its record's time, and which session days are still open.
package struct FrameWindow: Sendable, Equatable {
  /// Days before the record's time.
  package var past: Int32 = 14
  /// Days after it: clocks are wrong, and a day covers every time zone mistaken for UTC.
  package var future: Int32 = 1
  /// Days ahead for which the database holds partitions; a producer's clock may be further ahead than that.
  package var premade: Int32 = 60

  package init() {}

  /// Whether a picture captured then may belong to a record of that time.
  package func admits(_ capturedAt: EventTime, recordedAt: EventTime) -> Bool {
    capturedAt >= recordedAt.advanced(by: .seconds(-86_400 * Int64(past)))
      && capturedAt <= recordedAt.advanced(by: .seconds(86_400 * Int64(future)))
  }

  /// Whether a session of that day still takes frames, today being `today`.
  package func admits(sessionDay: CalendarDay, today: CalendarDay) -> Bool {
    sessionDay >= today.advanced(by: -past) && sessionDay < today.advanced(by: premade)
  }
}
