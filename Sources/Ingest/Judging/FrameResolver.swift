import KafkaIO
import LearningEvents
import Persistence

/// Asks the database what it knows of a run of frames: once for each session, and of a single frame only where its
/// number is not above all that its session has stored, which is a frame that comes late or again.
struct FrameResolver {
  let lease: DatabaseLease
  let stop: StopFlag

  /// One answer a record, nil for those that cannot be read.
  func resolve(_ records: ArraySlice<FrameRecord>) async throws -> [FrameResolution?] {
    var keys: [SessionKey] = []
    var numbers: [SessionKey: Int] = [:]
    // Each record's session by its place in `keys`.
    let places = records.map { record -> Int? in
      guard let candidate = record.candidate else { return nil }
      let key = SessionKey(
        source: candidate.event.source, courseID: candidate.event.courseID, learner: candidate.learner,
        sessionID: candidate.event.sessionID)
      if let known = numbers[key] { return known }
      numbers[key] = keys.count
      keys.append(key)
      return keys.count - 1
    }
    let asked = keys
    let sessions = try await lease.retrying(until: stop) { try await $0.resolve(asked) }
    let stored = try await storedCaptures(of: records, in: sessions, places)
    return zip(records, places).enumerated().map { index, entry in
      guard let candidate = entry.0.candidate, let place = entry.1 else { return nil }
      return sessions[place].frame(capturedAt: candidate.event.capturedAt, storedCapture: stored[index])
    }
  }

  /// The stored capture times by the records' position in their run.
  private func storedCaptures(
    of records: ArraySlice<FrameRecord>, in sessions: [SessionResolution], _ places: [Int?]
  ) async throws -> [Int: EventTime] {
    var keys: [SampleKey] = []
    var positions: [Int] = []
    for (index, (record, place)) in zip(records, places).enumerated() {
      guard let place, let sequence = record.candidate?.event.sequence, sessions[place].mayHold(sequence),
        let session = sessions[place].session
      else { continue }
      keys.append(SampleKey(sessionDay: session.day, sessionID: session.id, sequence: sequence))
      positions.append(index)
    }
    guard !keys.isEmpty else { return [:] }
    let asked = keys
    let captures = try await lease.retrying(until: stop) { try await $0.storedCaptures(of: asked) }
    return Dictionary(uniqueKeysWithValues: zip(positions, captures)).compactMapValues(\.self)
  }
}
