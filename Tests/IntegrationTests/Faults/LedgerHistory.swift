import Foundation
import LearningEvents
import PostgresIO
import Synchronization
import Telemetry

/// Looks at the ledger every 100 ms and writes down what changed, so that one can say afterwards whether it ever went
/// back. While the database is away it keeps asking.
final class LedgerHistory: Sendable {
  private struct Row: Equatable { var epoch: Int64, next: Int64 }
  private struct State {
    var rows: [Int32: Row] = [:]
    var accounted: Int64 = 0
    var next: [TopicName: Int64] = [:]
    var generation = 0
    var steps = 0
    var regressions: [String] = []
  }

  private let file: LineFile
  private let settings: PostgresSettings
  private let frameTopic: TopicName
  private let state = Mutex(State())
  private let task = Mutex<Task<Void, Never>?>(nil)

  init(path: String, settings: PostgresSettings, frameTopic: TopicName) throws {
    file = try LineFile(path: path)
    (self.settings, self.frameTopic) = (settings, frameTopic)
  }

  var path: String { file.path }
  /// Frame records the ledger accounts for, as of the last look.
  var accounted: Int64 { state.withLock(\.accounted) }
  /// The sum of the next offsets of a topic's newest ledgers, as of the last look; 0 without any.
  func next(of topic: TopicName) -> Int64 { state.withLock { $0.next[topic] ?? 0 } }
  /// Changes seen.
  var steps: Int { state.withLock(\.steps) }
  /// Where an epoch or offset went back within one generation of the database.
  var regressions: [String] { state.withLock(\.regressions) }

  /// The epochs of all ledgers, as of the last look.
  var epochs: [Int32: Int64] { state.withLock { $0.rows.mapValues(\.epoch) } }

  /// Tells that the database itself is another or an older one from now on.
  func beginGeneration() {
    state.withLock { state in
      state.generation += 1
      state.rows = [:]
    }
  }

  func start() {
    task.withLock { task in
      task = Task { [self] in
        var connection: PostgresConnection?
        while !Task.isCancelled {
          do {
            if connection == nil { connection = try await PostgresConnection.open(settings, logger: .silent) }
            if let connection { try await look(connection) }
          } catch {
            await connection?.close()
            connection = nil
          }
          try? await Task.sleep(for: .milliseconds(100))
        }
        await connection?.close()
      }
    }
  }

  func stop() async {
    let running = task.withLock { $0 }
    running?.cancel()
    await running?.value
  }

  private func look(_ connection: PostgresConnection) async throws {
    let generation = state.withLock(\.generation)
    let rows = try await connection.query(
      """
      SELECT l.ledger_id, l.epoch, l.next_offset, l.topic, l.next_offset - l.first_offset, NOT EXISTS (
        SELECT FROM lectern.ingest_ledger n WHERE n.cluster_id = l.cluster_id AND n.topic = l.topic
          AND n.partition = l.partition AND n.incarnation > l.incarnation)
      FROM lectern.ingest_ledger l
      """)
    var accounted: Int64 = 0
    var next: [TopicName: Int64] = [:]
    let now = Date().timeIntervalSince1970
    for row in rows {
      let id: Int32 = try row.decode(at: 0)
      let found = Row(epoch: try row.decode(at: 1), next: try row.decode(at: 2))
      let topic: TopicName = try row.decode(at: 3)
      if try row.decode(at: 5) { next[topic, default: 0] += found.next }
      if topic == frameTopic { accounted += try row.decode(at: 4, as: Int64.self) }
      let isNew = state.withLock { state in
        guard state.generation == generation, state.rows[id] != found else { return false }
        if let old = state.rows[id], found.epoch < old.epoch || found.next < old.next {
          state.regressions.append("ledger \(id): \(old) to \(found)")
        }
        state.rows[id] = found
        state.steps += 1
        return true
      }
      guard isNew else { continue }
      file.append(
        """
        {"at":\(now),"ledger_id":\(id),"epoch":\(found.epoch),"next_offset":\(found.next),\
        "database_generation":\(generation)}
        """)
    }
    state.withLock { [accounted, next] state in
      if state.generation == generation { (state.accounted, state.next) = (accounted, next) }
    }
  }
}
