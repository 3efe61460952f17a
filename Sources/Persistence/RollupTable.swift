package import PostgresIO

/// One rollup table as a list of columns: the same list writes rows and compares them with a recomputation.
package struct RollupTable<Row: Sendable>: Sendable {
  struct Column: Sendable {
    let name: String
    let type: String
    let bind: @Sendable ([Row]) -> PostgresParameter

    init(_ name: String, _ type: String, _ bind: @escaping @Sendable ([Row]) -> PostgresParameter) {
      self.name = name
      self.type = type
      self.bind = bind
    }
  }

  package let name: String
  let columns: [Column]

  init(_ name: String, _ columns: [Column]) {
    self.name = name
    self.columns = columns
  }

  package var columnList: String { columns.map(\.name).joined(separator: ", ") }

  /// `unnest($first::type[], …)`: the rows as a relation.
  package func relation(from first: Int) -> String {
    "unnest("
      + columns.enumerated().map { "$\(first + $0.offset)::\($0.element.type)[]" }.joined(separator: ", ") + ")"
  }

  package func parameters(_ rows: [Row]) -> [PostgresParameter] { columns.map { $0.bind(rows) } }

  /// Inserts the rows in one statement.
  package func insert(_ rows: [Row], on connection: isolated PostgresConnection) throws(PostgresError) {
    guard !rows.isEmpty else { return }
    try connection.query(
      "INSERT INTO \(name) (\(columnList)) SELECT * FROM \(relation(from: 1))", parameters(rows))
  }

  /// How many stored rows the recomputation lacks, and how many of its rows are not stored; duplicates count.
  ///
  /// - Parameter condition: which stored rows to compare, in terms of the table `t` and `$1`, the course.
  package func difference(
    course: Int64, where condition: String, from rows: [Row], on connection: isolated PostgresConnection
  ) throws(PostgresError) -> RollupDifference {
    let stored = "SELECT \(columns.map { "t.\($0.name)" }.joined(separator: ", ")) FROM \(name) t WHERE \(condition)"
    let computed = "SELECT * FROM \(relation(from: 2))"
    let row = try connection.query(
      """
      SELECT (SELECT count(*) FROM (\(stored) EXCEPT ALL \(computed)) a) AS stored_only,
        (SELECT count(*) FROM (\(computed) EXCEPT ALL \(stored)) b) AS recomputed_only
      """, [.int8(course)] + parameters(rows)
    ).single()
    var difference = RollupDifference(
      storedOnly: try row.decode("stored_only"), recomputedOnly: try row.decode("recomputed_only"),
      compared: rows.count)
    if !difference.isEmpty { difference.courses = [course] }
    return difference
  }
}

/// What `EXCEPT` both ways found between a stored rollup and its recomputation.
package struct RollupDifference: Sendable, Hashable {
  package var storedOnly: Int
  package var recomputedOnly: Int
  /// Rows of the recomputation.
  package var compared: Int
  /// Where they differ.
  package var courses: [Int64] = []

  package init(storedOnly: Int = 0, recomputedOnly: Int = 0, compared: Int = 0) {
    self.storedOnly = storedOnly
    self.recomputedOnly = recomputedOnly
    self.compared = compared
  }

  package var isEmpty: Bool { storedOnly == 0 && recomputedOnly == 0 }

  package static func += (sum: inout Self, term: Self) {
    sum.storedOnly += term.storedOnly
    sum.recomputedOnly += term.recomputedOnly
    sum.compared += term.compared
    sum.courses += term.courses
  }
}
