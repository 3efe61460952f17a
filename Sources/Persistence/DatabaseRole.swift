/// The roles of the database that programs take on (`SET ROLE`) and grants name; nobody logs in as one. The migrations
/// make them, or an administrator beforehand (docs/operations.md).
package enum DatabaseRole: String, CaseIterable, Sendable {
  /// Owns every table, view and function of the schemas `lectern` and `analytics`.
  case migrator = "lectern_migrator"
  case ingest = "lectern_ingest"
  case aggregator = "lectern_aggregator"
  /// Reads what was released of every course.
  case reader = "lectern_reader"
  /// Reads what was released of the courses of one teacher.
  case web = "lectern_web"
  case analyst = "lectern_analyst"
  case researcher = "lectern_researcher"
  /// Reads the audit log.
  case auditor = "lectern_auditor"
  /// Owns the audit log and has no members.
  case auditOwner = "lectern_audit_owner"
}
