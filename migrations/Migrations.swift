/// One step of the database's tables, types, roles and grants: an SQL file of `steps/`, embedded in the program.
/// Functions and views are no steps, see `SchemaDefinition`.
package struct Migration: Sendable, Equatable {
  /// The number the file's name starts with, from 1 on without a gap.
  package let version: Int32
  /// The file's name without `.sql`, such as `0001_schema`.
  package let name: String
  /// The file's bytes, valid UTF-8. The checksum in the database is taken over exactly these.
  package let bytes: [UInt8]

  package var sql: String { String(decoding: bytes, as: UTF8.self) }

  package init(version: Int32, name: String, bytes: [UInt8]) {
    self.version = version
    self.name = name
    self.bytes = bytes
  }

  /// Every migration of this program, in order. A test compares this list with the folder.
  ///
  /// The resource generator puts an underscore for the first character of a name that starts with a digit.
  package static let all: [Migration] = [
    Migration(version: 1, name: "0001_schema", bytes: PackageResources._001_schema_sql),
    Migration(version: 2, name: "0002_rollups", bytes: PackageResources._002_rollups_sql),
    Migration(version: 3, name: "0003_reports", bytes: PackageResources._003_reports_sql),
    Migration(version: 4, name: "0004_marks", bytes: PackageResources._004_marks_sql),
    Migration(version: 5, name: "0005_locks", bytes: PackageResources._005_locks_sql),
    Migration(version: 6, name: "0006_audit", bytes: PackageResources._006_audit_sql),
    Migration(version: 7, name: "0007_log_identity", bytes: PackageResources._007_log_identity_sql),
    Migration(version: 8, name: "0008_consent_since", bytes: PackageResources._008_consent_since_sql),
    Migration(version: 9, name: "0009_consent_said", bytes: PackageResources._009_consent_said_sql),
  ]
}
