import LearningEvents
import Telemetry

/// What a worker counts. Labels are topics' roles, outcomes and codes: never an id, never a partition's content.
struct IngestMetrics: Sendable {
  /// What became of the records of one topic.
  struct Outcomes: Sendable {
    let skipped: Counter
    let rejects: [RejectCode: Counter]

    fileprivate init(_ role: TopicRole, _ registry: MetricsRegistry) {
      skipped = Self.records("skipped", role, registry)
      rejects = Dictionary(
        uniqueKeysWithValues: RejectCode.allCases.map { code in
          (
            code,
            registry.counter(
              "lectern_ingest_rejects_total", help: "Rejected records by topic and code",
              labels: ["code": code.rawValue, "topic": role.rawValue])
          )
        })
    }

    fileprivate static func records(_ outcome: String, _ role: TopicRole, _ registry: MetricsRegistry) -> Counter {
      registry.counter(
        "lectern_ingest_records_total", help: "Log records by topic and what became of them",
        labels: ["outcome": outcome, "topic": role.rawValue])
    }
  }

  let frames: Outcomes
  let control: Outcomes
  let samples: Counter
  let duplicates: Counter
  let applied: Counter
  let foreignKeys: Counter
  let overruledRevocations: Counter
  let controlWarnings: Counter
  let rebalances: Counter
  let fenced: Counter
  let rewinds: Counter
  let logChanges: Counter
  let retries: Counter
  let storeSeconds: Histogram
  let recognitionSeconds: Histogram
  let assignedPartitions: Gauge
  let parkedPartitions: Gauge
  let framesHeld: Gauge
  let overdueClaims: Gauge
  let missingTopics: Gauge

  init(_ registry: MetricsRegistry) {
    frames = Outcomes(.frames, registry)
    control = Outcomes(.control, registry)
    samples = Outcomes.records("sample", .frames, registry)
    duplicates = Outcomes.records("duplicate", .frames, registry)
    applied = Outcomes.records("applied", .control, registry)
    foreignKeys = registry.counter(
      "lectern_ingest_foreign_keys_total",
      help: "Frames whose key is not their session id, so that the log does not keep their session in order")
    overruledRevocations = registry.counter(
      "lectern_ingest_overruled_revocations_total",
      help: "Revocations over which a consent of a later time stands")
    controlWarnings = registry.counter(
      "lectern_ingest_control_warnings_total",
      help: "Control events that were applied and are hardly meant: overlapping segments, courses without segments")
    rebalances = registry.counter("lectern_ingest_rebalances_total", help: "Assignments and revocations seen")
    fenced = registry.counter(
      "lectern_ingest_fenced_total", help: "Stores refused because the ledger was not where it was left (LF001)")
    rewinds = registry.counter(
      "lectern_ingest_rewinds_total", help: "Times the database was found at an older state and the log read again")
    logChanges = registry.counter(
      "lectern_ingest_log_changes_total",
      help: "Times a log was found to be another than was fetched or stored from, before anything of it was stored")
    retries = registry.counter("lectern_ingest_retries_total", help: "Database calls repeated after a transient error")
    storeSeconds = registry.histogram("lectern_ingest_store_seconds", help: "Time of one stored batch in the database")
    recognitionSeconds = registry.histogram(
      "lectern_ingest_recognition_seconds", help: "Time of one chunk of frames in recognition")
    assignedPartitions = registry.gauge("lectern_ingest_assigned_partitions", help: "Partitions held by this worker")
    parkedPartitions = registry.gauge(
      "lectern_ingest_parked_partitions", help: "Partitions that wait for an operator's decision")
    overdueClaims = registry.gauge(
      "lectern_ingest_overdue_claims",
      help: "Assigned partitions that are not read since their claim waits for an answer for 15 s or more")
    framesHeld = registry.gauge(
      "lectern_ingest_frames_held",
      help: "1 while frames wait because the control topic does not fit its ledger, or Kafka does not say if it does")
    missingTopics = registry.gauge(
      "lectern_ingest_missing_topics", help: "Topics this worker is to read that Kafka does not have")
  }
}

/// What a topic is for: the label of metrics, which stays the same whatever the topic is called.
enum TopicRole: String, Sendable, CaseIterable {
  case frames, control
}

extension IngestSettings {
  func topic(_ role: TopicRole) -> TopicName {
    switch role {
    case .frames: frameTopic
    case .control: controlTopic
    }
  }
}
