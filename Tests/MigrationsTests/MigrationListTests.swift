import Foundation
import Migrations
import Testing

@Suite struct MigrationListTests {
  /// The folder `migrations/` of the source tree.
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("migrations")

  @Test func theListIsTheFolder() throws {
    let steps = Self.folder.appendingPathComponent("steps")
    let files = try FileManager.default.contentsOfDirectory(atPath: steps.path).sorted()
    #expect(Migration.all.map { "\($0.name).sql" } == files)
    for migration in Migration.all {
      let content = try Data(contentsOf: steps.appendingPathComponent("\(migration.name).sql"))
      let isSame = migration.bytes == [UInt8](content)
      #expect(isSame, "\(migration.name) is not what the folder holds")
    }
  }

  @Test func theDefinitionsAreTheFolders() throws {
    var files: [String] = []
    for kind in ["functions", "views"] {
      files += try FileManager.default.contentsOfDirectory(atPath: Self.folder.appendingPathComponent(kind).path)
        .map { "\(kind)/\($0)" }
    }
    #expect(SchemaDefinition.all.map { "\($0.name).sql" }.sorted() == files.sorted())
    for definition in SchemaDefinition.all {
      let content = try Data(contentsOf: Self.folder.appendingPathComponent("\(definition.name).sql"))
      let isSame = definition.bytes == [UInt8](content)
      #expect(isSame, "\(definition.name) is not what the folder holds")
    }
  }

  /// What an edit of a file would lose if it only replaced what is there.
  @Test func everyDefinitionCreatesWhatItsNameSays() {
    for definition in SchemaDefinition.all {
      let parts = definition.name.split(separator: "/")
      let expected = parts[0] == "functions" ? "CREATE FUNCTION lectern.\(parts[1])(" : "CREATE VIEW \(parts[1]) AS"
      #expect(definition.sql.ranges(of: expected).count == 1, "\(definition.name)")
      #expect(definition.sql.ranges(of: #/(?m)^CREATE /#).count == 1, "\(definition.name)")
      #expect(String(validating: definition.bytes, as: UTF8.self) != nil, "\(definition.name)")
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
