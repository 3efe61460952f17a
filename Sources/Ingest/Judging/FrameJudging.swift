import Cryptography
import KafkaIO
import LearningEvents
import Persistence
import PostgresIO
import Recognition
import Telemetry

/// What judging frames needs in a worker as well as in a retry of rejects. Every member is safe on any thread.
struct JudgingContext: Sendable {
  let settings: IngestSettings
  let recognizer: any FrameRecognizing
  let pseudonymizer: LearnerPseudonymizer
  let metrics: IngestMetrics
  let logger: Logger
  let clock: @Sendable () -> EventTime
}

/// Judges runs of frame records of one partition: asks the database, gives a verdict on each, recognises those that may
/// be looked at. It stores nothing but the sessions it opens.
struct FrameJudging {
  let context: JudgingContext
  /// The connection everything is judged over; behind the next one the database may be another.
  let lease: DatabaseLease
  /// Who has been waited for; nil never waits for an announcement.
  let waiting: AnnouncementWaits?
  let stop: StopFlag

  /// Judges the records up to the first that has to wait; empty if that is the very first one.
  func judge(_ records: ArraySlice<FrameRecord>) async throws -> [FrameInWork] {
    let resolutions = try await FrameResolver(lease: lease, stop: stop).resolve(records)
    var sessions = SessionOpener(
      frameIntervalMilliseconds: context.settings.frameIntervalMilliseconds, lease: lease, stop: stop)
    let (now, today) = (context.clock(), lease.database.clock.now.day)
    var frames: [FrameInWork] = []
    frames.reserveCapacity(records.count)
    for (record, resolved) in zip(records, resolutions) {
      guard let candidate = record.candidate, let resolved else {
        frames.append(FrameInWork(record, .judged(.reject(.badEvent, detail: record.problem))))
        continue
      }
      let known = sessions.update(resolved, of: candidate)
      // Asked only where the answer matters: every frame passes here.
      let isAnnounced = known.courseID != nil && known.consent != .unknown
      let mayWait = !isAnnounced && waiting?.mayWait(for: candidate) ?? false
      let state: FrameInWork.State
      switch context.settings.judge.judge(candidate, known: known, mayWait: mayWait, now: now, today: today) {
      case .wait(let deadline):
        if waiting?.begin(for: candidate) == true {
          context.logger.info(
            "a frame's course or consent is not known yet: its partition waits",
            metadata: [
              "partition": .string(partition(of: record)), "seconds": .seconds(deadline.duration(since: now)),
            ])
        }
        return frames
      case .duplicate: state = .judged(.duplicate)
      case .reject(let code, let detail):
        if code == .unknownCourse || code == .noConsent { waiting?.end(for: candidate) }
        state = .judged(.reject(code, detail: detail))
      case .recognise: state = try await sessions.open(for: candidate, known: known)
      }
      frames.append(FrameInWork(record, state, session: known.session))
    }
    return frames
  }

  private func partition(of record: FrameRecord) -> String {
    TopicPartition(topic: context.settings.frameTopic, partition: record.record.partition).description
  }

  /// Recognises in chunks; returns the results of fewer frames than were given when the batch's time is over or the
  /// flag is up.
  func recognise(_ frames: [FrameInWork]) async throws -> [FrameResult] {
    var results: [FrameResult] = []
    results.reserveCapacity(frames.count)
    let start = ContinuousClock.now
    var pace = RecognitionPace(first: context.settings.recognitionChunk)
    var samples = UnstoredSamples()
    var rest = frames[...]
    var chunk: [FrameInWork] = []
    while !rest.isEmpty {
      chunk.removeAll(keepingCapacity: true)
      var requests: [RecognitionRequest] = []
      var identities: Set<FrameInWork.Identity> = []
      for var frame in rest {
        guard requests.count < pace.chunk else { break }
        if let identity = frame.identity {
          // What becomes of the first decides about the second.
          if identities.contains(identity) { break }
          if let again = samples.outcome(of: frame) {
            frame.state = .judged(again)
          } else if case .toRecognise(let session) = frame.state {
            requests.append(frame.record.request(in: session))
            identities.insert(identity)
          }
        }
        chunk.append(frame)
      }
      // Frames that were not recognised by the time the partition goes are left to its next owner.
      let begun = ContinuousClock.now
      guard var outcomes = try await recognise(requests)?[...] else { break }
      pace.adapt(to: begun.duration(to: .now))
      for frame in chunk {
        let outcome: FrameOutcome
        switch frame.state {
        case .judged(let judged): outcome = tooLarge(frame.record, before: judged) ?? judged
        case .toRecognise(let session):
          outcome = FrameOutcome(outcomes.removeFirst(), of: frame.record, in: session)
          if case .sample(let row) = outcome { samples.insert(row) }
        }
        results.append(FrameResult(record: frame.record, outcome: outcome))
      }
      rest = rest.dropFirst(chunk.count)
      if stop.isRaised || start.duration(to: .now) >= context.settings.batchAge { break }
    }
    return results
  }

  /// A picture that declares too many pixels is rejected for that before any later reason. Recognition finds it for
  /// frames that may be looked at; for the others only what the picture declares is read.
  private func tooLarge(_ record: FrameRecord, before outcome: FrameOutcome) -> FrameOutcome? {
    guard case .reject(let code, _) = outcome, code > .tooLarge,
      let problem = record.withPicture(context.recognizer.sizeProblem)
    else { return nil }
    return .reject(.tooLarge, detail: problem)
  }

  /// One outcome a request; nil if the flag was raised meanwhile.
  private func recognise(_ requests: [RecognitionRequest]) async throws -> [RecognitionOutcome]? {
    guard !requests.isEmpty else { return [] }
    let start = ContinuousClock.now
    defer { context.metrics.recognitionSeconds.observe(start.duration(to: .now)) }
    let outcomes = try await context.recognizer.recognize(requests, until: stop, logger: context.logger)
    if let outcomes { precondition(outcomes.count == requests.count, "recognition answers every request") }
    return outcomes
  }
}

/// The frames of one run that became samples and are not stored yet. A later record of the same identity is judged by
/// them as it would be by the database, so that it makes no difference where a batch ends.
private struct UnstoredSamples {
  private var rows: [FrameInWork.Identity: SampleRow] = [:]

  mutating func insert(_ row: SampleRow) {
    rows[FrameInWork.Identity(session: row.sessionID, sequence: row.sequence)] = row
  }

  /// What a frame becomes if one of its identity is among these: a second delivery is a duplicate whatever its body,
  /// and another capture time is a reused number unless an earlier reason was found. Nil leaves its state as it is.
  ///
  /// The second delivery goes to the database as the same sample at its own offset: it is a duplicate there if the
  /// first was stored, and shares the first's fate if consent was lost meanwhile or the row is refused. So no duplicate
  /// is counted of nothing.
  func outcome(of frame: FrameInWork) -> FrameOutcome? {
    guard let identity = frame.identity, var row = rows[identity], let candidate = frame.record.candidate else {
      return nil
    }
    switch frame.state {
    case .judged(.reject(.badEvent, _)): return nil
    case _ where row.capturedAt == candidate.event.capturedAt:
      row.offset = frame.record.record.offset
      row.eventID = candidate.event.id
      return .sample(row)
    case .toRecognise: return .reject(.sequenceReused, detail: FrameJudge.sequenceReused)
    case .judged: return nil
    }
  }
}
