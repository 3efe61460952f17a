import Foundation
import Migrations
import Testing

@Suite struct MigrationListTests {
  /// The folder `migrations/` of the source tree.
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("migrations")

  @Test func theListIsTheFolder() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
      .filter { $0.hasSuffix(".sql") }.sorted()
    #expect(Migration.all.map { "\($0.name).sql" } == files)
    for migration in Migration.all {
      let content = try Data(contentsOf: Self.folder.appendingPathComponent("\(migration.name).sql"))
      let isSame = migration.bytes == [UInt8](content)
      #expect(isSame, "\(migration.name) is not what the folder holds")
    }
  }

  @Test func versionsCountFromOneAndStandInTheNames() {
    #expect(Migration.all.map(\.version) == Migration.all.indices.map { Int32($0 + 1) })
    for migration in Migration.all {
      #expect(Int32(migration.name.prefix(4)) == migration.version)
      #expect(String(validating: migration.bytes, as: UTF8.self) != nil)
    }
  }
}
