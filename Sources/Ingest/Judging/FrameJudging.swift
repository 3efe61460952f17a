import KafkaIO
import LearningEvents
import Persistence
import PostgresIO
import Recognition
import Telemetry

/// Judges runs of frame records of one partition: asks the database, gives a verdict on each, recognises those that may be
/// looked at. It stores nothing but the sessions it opens.
struct FrameJudging {
  let context: JudgingContext
  /// Who has been waited for; nil never waits for an announcement.
  let waiting: AnnouncementWaits?
  let stop: StopFlag

  enum Settled {
    case recognise(SessionRow)
    case done(FrameResult.Outcome)
  }

  /// Judges the records up to the first that has to wait; empty if that is the very first one.
  func settle(_ records: ArraySlice<FrameRecord>) async throws -> [Settled] {
    let candidates = records.compactMap(\.candidate)
    let keys = candidates.map { candidate in
      FrameKey(
        source: candidate.event.source, courseID: candidate.event.courseID, learner: candidate.learner,
        sessionID: candidate.event.sessionID, sequence: candidate.event.sequence,
        capturedAt: candidate.event.capturedAt)
    }
    let resolutions = try await context.database.retrying(until: stop) { repository throws(PostgresError) in
      try await repository.resolve(keys)
    }
    var known = zip(candidates, resolutions).makeIterator()
    var sessions = SessionOpener(context: context, stop: stop)
    let now = context.clock()
    var settled: [Settled] = []
    for record in records {
      guard case .readable = record.content, let (candidate, resolved) = known.next() else {
        settled.append(.done(.reject(.badEvent, detail: record.problem)))
        continue
      }
      let resolution = sessions.update(resolved, of: candidate)
      let mayWait = waiting?.mayWait(for: candidate) ?? false
      switch context.settings.judge.judge(candidate, known: resolution, mayWait: mayWait, now: now) {
      case .wait(let deadline):
        if waiting?.begin(for: candidate) == true {
          context.logger.info(
            "a frame's course or consent is not known yet: its partition waits",
            metadata: ["seconds": .seconds(deadline.duration(since: now))])
        }
        return settled
      case .duplicate: settled.append(.done(.duplicate))
      case .reject(let code, let detail):
        if code == .unknownCourse || code == .noConsent { waiting?.end(for: candidate) }
        settled.append(.done(tooLarge(record, before: code) ?? .reject(code, detail: detail)))
      case .recognise:
        switch try await sessions.session(of: candidate, known: resolution) {
        case .open(let row): settled.append(.recognise(row))
        case .refused(let code, let detail): settled.append(.done(.reject(code, detail: detail)))
        }
      }
    }
    return settled
  }

  /// A picture that declares too many pixels is rejected for that before any later reason. Recognition finds it for
  /// frames that may be looked at; for the others only what the picture declares is read.
  private func tooLarge(_ record: FrameRecord, before code: RejectCode) -> FrameResult.Outcome? {
    guard code > .tooLarge, let problem = context.recognizer.sizeProblem(of: record.request) else { return nil }
    return .reject(.tooLarge, detail: problem)
  }

  /// Recognises in chunks; returns fewer results than were settled when the batch's time is over or the flag is up.
  func recognise(_ settled: [Settled], from records: ArraySlice<FrameRecord>) async throws -> [FrameResult] {
    var results: [FrameResult] = []
    results.reserveCapacity(settled.count)
    let start = ContinuousClock.now
    var samples = UnstoredSamples()
    var next = 0
    while next < settled.count {
      var chunk: [RecognitionRequest] = []
      var identities: Set<UnstoredSamples.Identity> = []
      var last = next
      while last < settled.count, chunk.count < context.settings.recognitionChunk {
        let record = records[records.startIndex + last]
        if let event = record.candidate?.event {
          // What became of the first decides about the second.
          if identities.contains(.init(event)) { break }
          if case .recognise(let row) = settled[last], samples.outcome(of: event, settled: settled[last]) == nil {
            var request = record.request
            request.track = FrameTrack(session: row.id, capturedAt: event.capturedAt)
            chunk.append(request)
            identities.insert(.init(event))
          }
        }
        last += 1
      }
      // Frames that were not recognised by the time the partition goes are left to its next owner.
      guard let recognised = try await recognise(chunk) else { break }
      var outcomes = recognised.makeIterator()
      for index in next..<last {
        let record = records[records.startIndex + index]
        let result: FrameResult.Outcome
        if let event = record.candidate?.event, let again = samples.outcome(of: event, settled: settled[index]) {
          result = again
        } else {
          switch settled[index] {
          case .done(let outcome): result = outcome
          case .recognise(let row):
            guard let candidate = record.candidate, let outcome = outcomes.next() else {
              preconditionFailure("recognition answers every request")
            }
            result = .init(outcome, offset: record.coordinates.offset, of: candidate, in: row)
            if case .sample = result { samples.insert(candidate.event) }
          }
        }
        results.append(FrameResult(record: record.coordinates, outcome: result))
      }
      next = last
      if stop.isRaised || start.duration(to: .now) >= context.settings.batchAge { break }
    }
    return results
  }

  /// One outcome a request; nil if the flag was raised meanwhile.
  private func recognise(_ requests: [RecognitionRequest]) async throws -> [RecognitionOutcome]? {
    guard !requests.isEmpty else { return [] }
    let start = ContinuousClock.now
    defer { context.metrics.recognitionSeconds.observe(start.duration(to: .now)) }
    return try await context.recognizer.recognize(requests, until: stop, logger: context.logger)
  }
}
