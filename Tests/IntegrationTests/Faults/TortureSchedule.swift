import StableHashing
import TestSupport

/// A random sequence of faults: the same one for the same seed.
struct TortureSchedule: Sendable {
  enum Fault: Sendable, Equatable {
    /// SIGKILL, and a new worker in its place when the time is over.
    case kill(worker: Int)
    /// The same at a certain message of the worker's next store.
    case killInStore(worker: Int, ProxyTrap.Place)
    /// SIGTERM, likewise.
    case stop(worker: Int)
    /// SIGSTOP; SIGCONT when the time is over, before or after the group has given it up.
    case freeze(worker: Int)
    /// The worker's connection to the database, at once or at a certain message of a store.
    case cut(worker: Int)
    case cutInStore(worker: Int, ProxyTrap.Place)
    /// Each of the worker's statements so much later.
    case slow(worker: Int, Duration)
    /// No database for the worker.
    case refuse(worker: Int)
    /// PostgreSQL ends at once, as in a crash, and is started again when the time is over.
    case crashDatabase
    /// The broker is killed and started again when the time is over; of several, one.
    case killBroker(Int)
    /// The brokers' disks are kept now and put back when the time is over: the logs lose what came meanwhile.
    case truncateLogs
    /// The topic of frames is deleted and made again.
    case remakeTopic
    /// SIGKILL to the aggregator, and a new one when the time is over.
    case killAggregator
    /// A backup is made of PostgreSQL now and put in its place when the time is over.
    case restore
    /// A learner takes its consent back, through the log, and gives it again when the time is over.
    case revoke
    /// A learner is erased by the operator, and gives consent anew when the time is over.
    case erase
    /// The LMS edits the course, through the log.
    case control

    /// How the summary calls it.
    var kind: String {
      switch self {
      case .kill: "kill"
      case .killInStore: "kill in a store"
      case .stop: "stop"
      case .freeze: "freeze"
      case .cut: "cut"
      case .cutInStore: "cut in a store"
      case .slow: "slow database"
      case .refuse: "no database"
      case .crashDatabase: "database crash"
      case .killBroker: "broker kill"
      case .truncateLogs: "lost tail of the logs"
      case .remakeTopic: "topic made again"
      case .killAggregator: "aggregator kill"
      case .restore: "restored backup"
      case .revoke: "revocation"
      case .erase: "erasure"
      case .control: "control event"
      }
    }
  }

  struct Step: Sendable, Equatable {
    /// Since the step before.
    var after: Duration
    var fault: Fault
    /// How long it lasts; faults overlap.
    var lasting: Duration
  }

  private var generator: SplitMix64
  private let workers: Int

  init(seed: UInt64, workers: Int) {
    generator = SplitMix64(seed: seed)
    self.workers = workers
  }

  mutating func next() -> Step {
    let after = milliseconds(300...2_500)
    let worker = generator.next(below: workers)
    let places = ProxyTrap.Place.all
    let place = places[generator.next(below: places.count)]
    let lasting = milliseconds(200...4_000)
    let long = milliseconds(2_000...12_000)
    let delay = milliseconds(50...2_000)
    // In hundredths; what takes everything away is rare, so that there is something to disturb.
    switch generator.next(below: 100) {
    case ..<11: return Step(after: after, fault: .kill(worker: worker), lasting: lasting)
    case ..<21: return Step(after: after, fault: .killInStore(worker: worker, place), lasting: lasting)
    case ..<29: return Step(after: after, fault: .stop(worker: worker), lasting: lasting)
    case ..<40: return Step(after: after, fault: .freeze(worker: worker), lasting: long)
    case ..<49: return Step(after: after, fault: .cut(worker: worker), lasting: .zero)
    case ..<62: return Step(after: after, fault: .cutInStore(worker: worker, place), lasting: .zero)
    case ..<71: return Step(after: after, fault: .slow(worker: worker, delay), lasting: long)
    case ..<79: return Step(after: after, fault: .refuse(worker: worker), lasting: lasting)
    case ..<84: return Step(after: after, fault: .crashDatabase, lasting: lasting)
    case ..<88: return Step(after: after, fault: .killBroker(worker), lasting: lasting)
    case ..<89: return Step(after: after, fault: .truncateLogs, lasting: long)
    case ..<90: return Step(after: after, fault: .remakeTopic, lasting: .zero)
    case ..<91: return Step(after: after, fault: .killAggregator, lasting: lasting)
    case ..<93: return Step(after: after, fault: .restore, lasting: long)
    case ..<95: return Step(after: after, fault: .erase, lasting: lasting)
    case ..<97: return Step(after: after, fault: .revoke, lasting: lasting)
    default: return Step(after: after, fault: .control, lasting: .zero)
    }
  }

  private mutating func milliseconds(_ range: ClosedRange<Int>) -> Duration {
    .milliseconds(range.lowerBound + generator.next(below: range.count))
  }
}

extension SplitMix64 {
  /// A number of 0..<limit; the remainder's bias is of no importance here.
  mutating func next(below limit: Int) -> Int { Int(next() % UInt64(limit)) }
}
