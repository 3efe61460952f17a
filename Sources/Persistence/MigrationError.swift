/// Why the schema cannot be used or changed. Safe to show.
package enum MigrationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Some migrations were not applied yet.
  case pending(first: String, count: Int)
  /// The database knows a migration this program does not: the program is older than the schema.
  case newer(version: Int32, name: String)
  /// A migration differs from the file it was applied from.
  case altered(name: String)
  /// The database was made by other migrations than this program's.
  case foreign(applied: String, expected: String)
  /// Some functions or views are not those of this program.
  case outdated(first: String, count: Int)
  /// A function or view is not what was applied last: somebody changed or dropped it by hand.
  case redefined(name: String)
  /// The database keeps text in another encoding than UTF-8.
  case encoding(String)
  /// Another process migrates and did not finish in time.
  case locked
  /// A statement failed; everything of this run was undone.
  case failed(name: String, cause: String)

  package var description: String {
    switch self {
    case .pending(let first, let count):
      "the schema lacks \(count) migration\(count == 1 ? "" : "s"), the first is \(first): run `lectern migrate up`"
    case .newer(let version, let name):
      "the schema holds migration \(version) (\(name)), which this program does not know: use a newer lectern"
    case .altered(let name):
      "migration \(name) was changed after it was applied: restore the file, and write a new migration instead"
    case .foreign(let applied, let expected):
      "the database holds migration \(applied) in place of \(expected): a lectern from before the first release made it, "
        + "and what it holds cannot be taken over; make a new database"
    case .outdated(let first, let count):
      "\(count) function\(count == 1 ? " or view is" : "s and views are") not this program's, the first is \(first): "
        + "run `lectern migrate up` with the newest lectern of this deployment"
    case .redefined(let name):
      "\(name) was changed in the database by hand: find out by whom and why; `lectern migrate up` restores it"
    case .encoding(let name):
      "the database keeps text as \(name), which has no place for every id and title: \(Self.remedyOfEncoding)"
    case .locked: "another process holds the migration lock: wait for it to end, then try again"
    case .failed(let name, let cause): "\(name) failed, and nothing was changed: \(cause)"
    }
  }

  /// What to do about a database in another encoding than UTF-8.
  package static let remedyOfEncoding = "make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
}
