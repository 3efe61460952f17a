import Synchronization

/// Keeps a producer from running further ahead of a reader than a broker's partitions hold.
///
/// The embedded broker drops a partition's oldest records without a word once it is full; so whoever fills it counts,
/// for each partition, the bytes that were sent and not yet read. The reader's positions come from outside: the ledger.
/// Any thread.
package final class PartitionHeadroom: Sendable {
  /// Nobody read anything for so long that the reader must be taken for dead.
  package struct Stalled: Error, Sendable, CustomStringConvertible {
    package let partition: Int32
    package var description: String {
      "partition \(partition) is full and nothing of it has been read for minutes: is a worker running?"
    }
  }

  private struct Ahead {
    /// Acknowledged and not known to be read, in the order of offsets.
    var records: [(offset: Int64, bytes: Int)] = []
    /// All bytes that count: of these records and of those on their way.
    var bytes = 0
  }

  /// How many bytes of one partition may be unread.
  package let limitBytes: Int
  /// The partitions of the topic.
  package let partitionCount: Int
  private let nextOffsets: @Sendable () async throws -> [Int32: Int64]
  private let state = Mutex<[Int32: Ahead]>([:])

  /// - Parameter nextOffsets: asks, for each partition, for the first offset not read yet; absent means none was.
  package init(
    limitBytes: Int, partitionCount: Int, nextOffsets: @escaping @Sendable () async throws -> [Int32: Int64]
  ) {
    self.limitBytes = limitBytes
    self.partitionCount = partitionCount
    self.nextOffsets = nextOffsets
  }

  /// Waits until a record of this size fits, and takes its place. A record larger than the limit fits an empty
  /// partition.
  ///
  /// - Throws: `Stalled` when nothing was read of a full partition for `patience`; what `nextOffsets` throws;
  ///   cancellation.
  package func take(
    _ bytes: Int, of partition: Int32, pollInterval: Duration = .milliseconds(100), patience: Duration = .seconds(180)
  ) async throws {
    let clock = ContinuousClock()
    var lastMove = clock.now
    while !reserve(bytes, of: partition) {
      if advance(to: try await nextOffsets(), watching: partition) {
        lastMove = clock.now
        continue
      }
      guard clock.now - lastMove < patience else { throw Stalled(partition: partition) }
      try await Task.sleep(for: pollInterval)
    }
  }

  /// A record that took its place is on the log.
  package func delivered(_ bytes: Int, of partition: Int32, at offset: Int64) {
    state.withLock { state in
      // Acknowledgements of one partition come in order, so the list stays sorted.
      state[partition, default: Ahead()].records.append((offset, bytes))
    }
  }

  /// A record that took its place will never be on the log.
  package func failed(_ bytes: Int, of partition: Int32) {
    state.withLock { $0[partition, default: Ahead()].bytes -= bytes }
  }

  /// Unread bytes of a partition, those on their way included.
  package func bytesAhead(of partition: Int32) -> Int { state.withLock { $0[partition]?.bytes ?? 0 } }

  private func reserve(_ bytes: Int, of partition: Int32) -> Bool {
    state.withLock { state in
      let ahead = state[partition]?.bytes ?? 0
      guard ahead == 0 || ahead + bytes <= limitBytes else { return false }
      state[partition, default: Ahead()].bytes += bytes
      return true
    }
  }

  /// Forgets what was read; true if anything of the watched partition was.
  private func advance(to offsets: [Int32: Int64], watching watched: Int32) -> Bool {
    state.withLock { state in
      var moved = false
      for (partition, next) in offsets {
        guard var ahead = state[partition] else { continue }
        let read = ahead.records.prefix { $0.offset < next }
        guard !read.isEmpty else { continue }
        ahead.bytes -= read.reduce(0) { $0 + $1.bytes }
        ahead.records.removeFirst(read.count)
        state[partition] = ahead
        moved = moved || partition == watched
      }
      return moved
    }
  }
}
