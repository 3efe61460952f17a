import CPostgres

/// The one owner of a `PGresult`.
struct ResultHandle: ~Copyable {
  let pointer: OpaquePointer
  init(adopting pointer: OpaquePointer) { self.pointer = pointer }
  deinit { PQclear(pointer) }
}

/// What a statement returned: rows by index, and how many rows it touched.
///
/// `@unchecked Sendable`: "PGresult objects are read-only after creation, and so can be passed around freely between
/// threads" (libpq, Behavior in Threaded Programs).
package final class PostgresResult: RandomAccessCollection, @unchecked Sendable {
  private let handle: ResultHandle
  package let count: Int

  init(_ handle: consuming ResultHandle) {
    count = Int(PQntuples(handle.pointer))
    self.handle = handle
  }

  package var startIndex: Int { 0 }
  package var endIndex: Int { count }
  package subscript(index: Int) -> PostgresRow {
    precondition(index >= 0 && index < count, "row out of range")
    return PostgresRow(result: self, index: Int32(index))
  }

  /// Rows an `INSERT`, `UPDATE`, `DELETE` or `SELECT` touched.
  package var affectedRows: Int { Int(String(cString: PQcmdTuples(handle.pointer))) ?? 0 }

  /// The command's tag, such as `COMMIT`.
  var commandTag: String { String(cString: PQcmdStatus(handle.pointer)) }

  /// The only row; anything else is an error of the statement.
  package func single() throws(PostgresError) -> PostgresRow {
    guard count == 1 else {
      throw PostgresError(code: .decoding, message: "expected one row, got \(count)", operation: "reading a result")
    }
    return self[0]
  }

  func column(_ name: String) -> Int32? {
    let column = PQfnumber(handle.pointer, name)
    return column >= 0 ? column : nil
  }

  var columnCount: Int32 { PQnfields(handle.pointer) }
  func type(_ column: Int32) -> UInt32 { PQftype(handle.pointer, column) }

  /// Lends the bytes of one value, nil for a null.
  func withValue<Value, Failure: Error>(
    _ row: Int32, _ column: Int32, _ body: (UnsafeRawBufferPointer?) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    guard PQgetisnull(handle.pointer, row, column) == 0 else { return try body(nil) }
    let start = UnsafeRawPointer(PQgetvalue(handle.pointer, row, column))
    return try body(UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(handle.pointer, row, column))))
  }
}
