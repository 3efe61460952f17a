/// One step of the database schema: an SQL file of this folder, embedded in the program.
package struct Migration: Sendable, Equatable {
  /// The number the file's name starts with, from 1 on without a gap.
  package let version: Int32
  /// The file's name without `.sql`, such as `0001_core`.
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
  /// The resource generator drops the first character of a name that starts with a digit.
  package static let all: [Migration] = [
    Migration(version: 1, name: "0001_core", bytes: PackageResources._001_core_sql),
    Migration(version: 2, name: "0002_ingest", bytes: PackageResources._002_ingest_sql),
    Migration(version: 3, name: "0003_rollups", bytes: PackageResources._003_rollups_sql),
    Migration(version: 4, name: "0004_reports", bytes: PackageResources._004_reports_sql),
    Migration(version: 5, name: "0005_operators", bytes: PackageResources._005_operators_sql),
    Migration(version: 6, name: "0006_resolution", bytes: PackageResources._006_resolution_sql),
    Migration(version: 7, name: "0007_expiry", bytes: PackageResources._007_expiry_sql),
    Migration(version: 8, name: "0008_withdrawal", bytes: PackageResources._008_withdrawal_sql),
  ]
}
