package import Files
package import Tensors

/// A safetensors file of tensors `[N, …]` written one row at a time: memory does not grow with N.
///
/// Its size is known before the first row, so a file that does not fit the disk is refused at once. It gets its name
/// when it is whole, and only its owner may read it (see `OutputFile`). Not for several threads at once.
package final class RowFile {
  /// A tensor of the file.
  package struct Column: Sendable, Hashable {
    package let name: String
    /// Of one row; the tensor's shape has N before it.
    package let shape: Shape

    package init(_ name: String, _ shape: Shape) {
      self.name = name
      self.shape = shape
    }
  }

  /// Why there is no file. The message names paths and sizes, and says what to do.
  package struct Failure: AbandonableOutputError, Hashable, CustomStringConvertible {
    package let description: String
    package let isAbandoned: Bool

    init(description: String) { (self.description, isAbandoned) = (description, false) }
    init(_ error: OutputError) { (description, isAbandoned) = (error.description, error.isAbandoned) }
  }

  package let rows: Int
  /// The whole file's size.
  package let byteCount: Int
  private var file: OutputFile
  private let columns: [String: (start: Int, count: Int)]
  private let order: [Column]
  private let headerByteCount: Int

  /// The size of such a file without its header.
  package static func dataByteCount(_ columns: [Column], rows: Int) -> Int {
    let row = columns.reduce(0) { $0 + $1.shape.count * 4 }
    let (bytes, overflow) = row.multipliedReportingOverflow(by: rows)
    return overflow ? .max : bytes
  }

  /// Begins the file; every row not yet written is zero. Opening a pipe waits for its reader, so never on a
  /// cooperative thread.
  ///
  /// - Parameters:
  ///   - columns: with names of their own.
  ///   - metadata: as large as it will ever be: its room is kept free at the file's beginning.
  package init(at path: FilePath, _ columns: [Column], rows: Int, reserving metadata: [String: String]) throws(Failure)
  {
    precondition(Set(columns.map(\.name)).count == columns.count && rows > 0, "rows of columns with names of their own")
    self.rows = rows
    order = columns
    let data = Self.dataByteCount(columns, rows: rows)
    let tooMany = Failure(description: "\(rows) pictures are too many for one file: name fewer at a time")
    // Far below the number of elements a shape may have.
    guard data < 1 << 52 else { throw tooMany }
    let header = Safetensors.header(Self.tensors(columns, rows), metadata: metadata).count
    headerByteCount = (header + 8 + 63) / 64 * 64
    guard headerByteCount <= Safetensors.maximumHeaderByteCount else { throw tooMany }
    byteCount = headerByteCount + data
    var places: [String: (start: Int, count: Int)] = [:]
    var start = headerByteCount
    for column in columns {
      places[column.name] = (start, column.shape.count)
      start += column.shape.count * 4 * rows
    }
    self.columns = places
    file = try Self.open(path, byteCount: byteCount)
  }

  /// Writes one row of one column.
  package func write(_ values: [Float], to column: String, row: Int) throws(Failure) {
    try values.withUnsafeBufferPointer { (buffer) throws(Failure) in try write(buffer, to: column, row: row) }
  }

  /// The same from a tensor.
  package func write(_ values: Tensor<Float>, to column: String, row: Int) throws(Failure) {
    try values.withUnsafeBufferPointer { (buffer) throws(Failure) in try write(buffer, to: column, row: row) }
  }

  private func write(_ values: UnsafeBufferPointer<Float>, to column: String, row: Int) throws(Failure) {
    guard let place = columns[column] else { preconditionFailure("no column \(column)") }
    precondition(values.count == place.count && row >= 0 && row < rows, "not a row of \(column)")
    try put(UnsafeRawBufferPointer(values), at: place.start + row * place.count * 4)
  }

  /// Writes not-a-number into one row of some columns.
  package func writeMissing(_ names: some Sequence<String>, row: Int) throws(Failure) {
    let chunk = [Float](repeating: .nan, count: 1 << 16)
    for name in names {
      guard let place = columns[name] else { preconditionFailure("no column \(name)") }
      var done = 0
      while done < place.count {
        let count = min(chunk.count, place.count - done)
        try chunk.withUnsafeBufferPointer { (buffer) throws(Failure) in
          try put(
            UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[0..<count * 4]),
            at: place.start + (row * place.count + done) * 4)
        }
        done += count
      }
    }
  }

  /// Writes the header and puts the file in its place, synchronised.
  package func finish(metadata: [String: String]) throws(Failure) {
    var header = Safetensors.header(Self.tensors(order, rows), metadata: metadata)
    guard header.count + 8 <= headerByteCount else { preconditionFailure("the metadata outgrew its room") }
    header.append(contentsOf: [UInt8](repeating: UInt8(ascii: " "), count: headerByteCount - 8 - header.count))
    let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
    try (length + header).withUnsafeBufferPointer { (buffer) throws(Failure) in
      try put(UnsafeRawBufferPointer(buffer), at: 0)
    }
    do throws(OutputError) { try file.finish() } catch { throw Failure(error) }
  }

  private static func tensors(_ columns: [Column], _ rows: Int) -> [(name: String, shape: Shape)] {
    columns.map { ($0.name, Shape([rows] + $0.shape.dimensions)) }
  }

  private func put(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(Failure) {
    do throws(OutputError) { try file.write(bytes, at: offset) } catch { throw Failure(error) }
  }

  /// Opens the file and gives it its size.
  private static func open(_ path: FilePath, byteCount: Int) throws(Failure) -> OutputFile {
    let file: OutputFile
    // A row tells of a learner's face.
    do throws(OutputError) { file = try OutputFile.open(path, .ownerOnly) } catch { throw Failure(error) }
    if let free = file.freeByteCount, free < UInt64(byteCount) {
      throw Failure(
        description:
          "\(path.text) needs \(megabytes(byteCount)), and \(megabytes(Int(clamping: free))) are free there: "
          + "name fewer pictures, or another disk")
    }
    do throws(OutputError) { try file.resize(to: byteCount) } catch { throw Failure(error) }
    return file
  }

  /// A size for people: `154.6 MB`, in millions of bytes.
  package static func megabytes(_ bytes: Int) -> String {
    let tenths = (bytes + 50_000) / 100_000
    return "\(tenths / 10).\(tenths % 10) MB"
  }
}
