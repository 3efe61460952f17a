/// A function or view of the schema: an SQL file of `functions/` or `views/`, embedded in the program.
///
/// The file says what there is, not what changed: it creates one object and holds its comment and grants.
/// `lectern migrate up` drops the object and runs the file whenever either differs from what was applied last. It runs
/// as `lectern_migrator`, with `pg_catalog` as the search path, so every name in it is qualified.
package struct SchemaDefinition: Sendable, Equatable {
  /// The file's path in this folder without `.sql`: `functions/store` defines `lectern.store`, and
  /// `views/analytics.course_interest` the view of that name.
  package let name: String
  /// The file's bytes, valid UTF-8. The checksum in the database is taken over exactly these.
  package let bytes: [UInt8]

  package var sql: String { String(decoding: bytes, as: UTF8.self) }

  package init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }

  /// Every function and view of this program, in the order of their creation: a view, or a function in the language
  /// SQL, comes after what it names. A test compares this list with the folders.
  package static let all: [SchemaDefinition] =
    functions.map { SchemaDefinition(name: "functions/\($0)", bytes: $1) }
    + views.map { SchemaDefinition(name: "views/\($0)", bytes: $1) }

  private static let functions: [(String, [UInt8])] = [
    ("accept_beginning", PackageResources.accept_beginning_sql),
    ("accept_gap", PackageResources.accept_gap_sql),
    ("add_rejects", PackageResources.add_rejects_sql),
    ("advance_ledger", PackageResources.advance_ledger_sql),
    ("apply_consent", PackageResources.apply_consent_sql),
    ("apply_control", PackageResources.apply_control_sql),
    ("apply_course", PackageResources.apply_course_sql),
    ("apply_session", PackageResources.apply_session_sql),
    ("audit", PackageResources.audit_sql),
    ("audit_control", PackageResources.audit_control_sql),
    ("check_secret", PackageResources.check_secret_sql),
    ("claim", PackageResources.claim_sql),
    ("course_backlog", PackageResources.course_backlog_sql),
    ("course_interval", PackageResources.course_interval_sql),
    ("course_models", PackageResources.course_models_sql),
    ("dirty_sessions", PackageResources.dirty_sessions_sql),
    ("erase_learner", PackageResources.erase_learner_sql),
    ("erase_pending", PackageResources.erase_pending_sql),
    ("expire_samples", PackageResources.expire_samples_sql),
    ("expire_sessions", PackageResources.expire_sessions_sql),
    ("export_learner", PackageResources.export_learner_sql),
    ("find_learner", PackageResources.find_learner_sql),
    ("forget_sessions", PackageResources.forget_sessions_sql),
    ("keep_cohort_minimum", PackageResources.keep_cohort_minimum_sql),
    ("knows_secret", PackageResources.knows_secret_sql),
    ("list_consents", PackageResources.list_consents_sql),
    ("lock_batch", PackageResources.lock_batch_sql),
    ("lock_courses", PackageResources.lock_courses_sql),
    ("lock_sessions", PackageResources.lock_sessions_sql),
    ("mark_ledger", PackageResources.mark_ledger_sql),
    ("new_incarnation", PackageResources.new_incarnation_sql),
    ("newest_ledgers", PackageResources.newest_ledgers_sql),
    ("note_read", PackageResources.note_read_sql),
    ("note_topic", PackageResources.note_topic_sql),
    ("oldest_sum_day", PackageResources.oldest_sum_day_sql),
    ("open_session", PackageResources.open_session_sql),
    ("order_erasure", PackageResources.order_erasure_sql),
    ("premake", PackageResources.premake_sql),
    ("read_consent", PackageResources.read_consent_sql),
    ("read_consents", PackageResources.read_consents_sql),
    ("read_ledgers", PackageResources.read_ledgers_sql),
    ("read_marks", PackageResources.read_marks_sql),
    ("register_model", PackageResources.register_model_sql),
    ("rejects_to_judge", PackageResources.rejects_to_judge_sql),
    ("require_ledger", PackageResources.require_ledger_sql),
    ("resolve_sessions", PackageResources.resolve_sessions_sql),
    ("retry_rejects", PackageResources.retry_rejects_sql),
    ("source_key", PackageResources.source_key_sql),
    ("store", PackageResources.store_sql),
    ("stored_frames", PackageResources.stored_frames_sql),
  ]

  private static let views: [(String, [UInt8])] = [
    ("analytics.course_interest", PackageResources.analytics_course_interest_sql),
    ("analytics.emotion_timeline", PackageResources.analytics_emotion_timeline_sql),
    ("analytics.metric_weights", PackageResources.analytics_metric_weights_sql),
    ("analytics.segment_overview", PackageResources.analytics_segment_overview_sql),
    ("lectern.ingest_total", PackageResources.lectern_ingest_total_sql),
  ]
}
