import KafkaIO
import LearningEvents
import Persistence
import PostgresIO

/// Asks the database what it knows of a run of frames: once for each session, and of a single frame only where its
/// number is not above all that its session has stored, which is a frame that comes late or again.
struct FrameResolver {
  let lease: DatabaseLease
  let stop: StopFlag

  /// One answer a record, nil for those that cannot be read.
  func resolve(_ records: ArraySlice<FrameRecord>) async throws -> [FrameResolution?] {
    var keys: [SessionKey] = []
    var numbers: [SessionKey: Int] = [:]
    // The record's session by its place in `keys`, −1 for none.
    var places: [Int] = []
    places.reserveCapacity(records.count)
    for record in records {
      guard let candidate = record.candidate else {
        places.append(-1)
        continue
      }
      let key = SessionKey(
        source: candidate.event.source, courseID: candidate.event.courseID, learner: candidate.learner,
        sessionID: candidate.event.sessionID)
      if let known = numbers[key] {
        places.append(known)
      } else {
        numbers[key] = keys.count
        places.append(keys.count)
        keys.append(key)
      }
    }
    let asked = keys
    let sessions = try await lease.retrying(until: stop) { repository throws(PostgresError) in
      try await repository.resolve(asked)
    }
    let stored = try await storedCaptures(of: records, in: sessions, places)
    var resolutions: [FrameResolution?] = []
    resolutions.reserveCapacity(records.count)
    for index in places.indices {
      let candidate = records[records.startIndex + index].candidate
      resolutions.append(
        candidate.map {
          sessions[places[index]].frame(capturedAt: $0.event.capturedAt, storedCapture: stored[index])
        })
    }
    return resolutions
  }

  /// The stored capture times by the records' position in their run.
  private func storedCaptures(
    of records: ArraySlice<FrameRecord>, in sessions: [SessionResolution], _ places: [Int]
  ) async throws -> [Int: EventTime] {
    var keys: [SampleKey] = []
    var positions: [Int] = []
    for index in places.indices {
      guard let sequence = records[records.startIndex + index].candidate?.event.sequence,
        sessions[places[index]].mayHold(sequence), let session = sessions[places[index]].session
      else { continue }
      keys.append(SampleKey(sessionDay: session.day, sessionID: session.id, sequence: sequence))
      positions.append(index)
    }
    guard !keys.isEmpty else { return [:] }
    let asked = keys
    let captures = try await lease.retrying(until: stop) { repository throws(PostgresError) in
      try await repository.storedCaptures(of: asked)
    }
    var stored: [Int: EventTime] = [:]
    for (position, capture) in zip(positions, captures) { stored[position] = capture }
    return stored
  }
}
