import PostgresIO

/// Stores a run of items. Where the database refuses a value (SQLSTATE classes 22, 23 and 54) the run is halved until
/// the one bad item is alone; `refused` makes something of it that can be stored, and its neighbours are stored.
///
/// - Parameter store: stores a part of the run, in order; told whether it is the last part.
func storeHalving<Item>(
  _ items: [Item], store: (ArraySlice<Item>, _ isLast: Bool) async throws -> Void,
  refused: (inout Item, PostgresError) -> Void
) async throws {
  // A stack of runs still to store, the next one last.
  var runs = [items[...]]
  while var run = runs.popLast() {
    let isLast = runs.isEmpty
    do {
      try await store(run, isLast)
    } catch let error as PostgresError where error.severity == .data && !run.isEmpty {
      if run.count == 1 {
        refused(&run[run.startIndex], error)
        try await store(run, isLast)
      } else {
        let middle = run.startIndex + run.count / 2
        runs.append(run[middle...])
        runs.append(run[..<middle])
      }
    }
  }
}

extension PostgresError {
  /// The detail of the reject that a refused record becomes.
  var refusal: String { "refused with SQLSTATE \(code)" }
}
