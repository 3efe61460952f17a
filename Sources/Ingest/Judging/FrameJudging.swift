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

  /// What is settled of a record before its picture is looked at.
  struct Settled {
    enum Verdict {
      case recognise(SessionRow)
      case done(FrameResult.Outcome)
    }

    var verdict: Verdict
    /// Its session's key in the database, where the session is open.
    var session: Int64?

    func identity(of event: FrameEvent) -> UnstoredSamples.Identity? {
      session.map { UnstoredSamples.Identity(session: $0, sequence: event.sequence) }
    }
  }

  /// Judges the records up to the first that has to wait; empty if that is the very first one.
  func settle(_ records: ArraySlice<FrameRecord>) async throws -> [Settled] {
    let resolutions = try await FrameResolver(lease: context.lease, stop: stop).resolve(records)
    var sessions = SessionOpener(context: context, stop: stop)
    let now = context.clock()
    var settled: [Settled] = []
    settled.reserveCapacity(records.count)
    for (record, resolved) in zip(records, resolutions) {
      guard let candidate = record.candidate, let resolved else {
        settled.append(Settled(verdict: .done(.reject(.badEvent, detail: record.problem))))
        continue
      }
      let resolution = sessions.update(resolved, of: candidate)
      // Asked only where the answer matters: every frame passes here.
      let isAnnounced = resolution.courseID != nil && resolution.consent != .unknown
      let mayWait = !isAnnounced && waiting?.mayWait(for: candidate) ?? false
      func done(_ outcome: FrameResult.Outcome) -> Settled {
        Settled(verdict: .done(outcome), session: resolution.session?.id)
      }
      switch context.settings.judge.judge(candidate, known: resolution, mayWait: mayWait, now: now) {
      case .wait(let deadline):
        if waiting?.begin(for: candidate) == true {
          context.logger.info(
            "a frame's course or consent is not known yet: its partition waits",
            metadata: ["seconds": .seconds(deadline.duration(since: now))])
        }
        return settled
      case .duplicate: settled.append(done(.duplicate))
      case .reject(let code, let detail):
        if code == .unknownCourse || code == .noConsent { waiting?.end(for: candidate) }
        settled.append(done(tooLarge(record, before: code) ?? .reject(code, detail: detail)))
      case .recognise:
        switch try await sessions.session(of: candidate, known: resolution) {
        case .open(let row): settled.append(Settled(verdict: .recognise(row), session: row.id))
        case .refused(let code, let detail): settled.append(done(.reject(code, detail: detail)))
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
    var pace = RecognitionPace(first: context.settings.recognitionChunk)
    var samples = UnstoredSamples()
    var next = 0
    while next < settled.count {
      var chunk: [RecognitionRequest] = []
      var identities: Set<UnstoredSamples.Identity> = []
      var last = next
      while last < settled.count, chunk.count < pace.chunk {
        let record = records[records.startIndex + last]
        if let event = record.candidate?.event, let identity = settled[last].identity(of: event) {
          // What became of the first decides about the second.
          if identities.contains(identity) { break }
          if case .recognise(let row) = settled[last].verdict,
            samples.outcome(of: identity, capturedAt: event.capturedAt, verdict: settled[last].verdict) == nil
          {
            var request = record.request
            request.track = FrameTrack(session: row.id, capturedAt: event.capturedAt)
            chunk.append(request)
            identities.insert(identity)
          }
        }
        last += 1
      }
      // Frames that were not recognised by the time the partition goes are left to its next owner.
      let begun = ContinuousClock.now
      guard let recognised = try await recognise(chunk) else { break }
      pace.adapt(to: begun.duration(to: .now))
      var outcomes = recognised.makeIterator()
      for index in next..<last {
        let record = records[records.startIndex + index]
        let result: FrameResult.Outcome
        if let event = record.candidate?.event, let identity = settled[index].identity(of: event),
          let again = samples.outcome(of: identity, capturedAt: event.capturedAt, verdict: settled[index].verdict)
        {
          // As `settle` has it where the first is stored already.
          if case .reject(let code, _) = again {
            result = tooLarge(record, before: code) ?? again
          } else {
            result = again
          }
        } else {
          switch settled[index].verdict {
          case .done(let outcome): result = outcome
          case .recognise(let row):
            guard let candidate = record.candidate, let outcome = outcomes.next() else {
              preconditionFailure("recognition answers every request")
            }
            result = .init(outcome, offset: record.record.offset, of: candidate, in: row)
            if case .sample = result {
              samples.insert(
                .init(session: row.id, sequence: candidate.event.sequence), capturedAt: candidate.event.capturedAt)
            }
          }
        }
        results.append(FrameResult(record: record.record, outcome: result))
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
