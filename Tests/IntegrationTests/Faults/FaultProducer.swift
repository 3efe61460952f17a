import KafkaIO
import LearningEvents
import StableHashing
import Synchronization

/// An LMS that sends frames at a bounded rate, of sessions that last for some time, and keeps a journal.
///
/// It never runs further ahead of the ledger than the embedded broker can keep, nor of the broker's acknowledgements.
final class FaultProducer: Sendable {
  struct Plan: Sendable {
    var topic: TopicName
    var partitions: Int
    var learners: Int
    /// Frames a second.
    var rate = 200
    /// Sessions that are open at the same time, each on one partition.
    var sessions = 12
    /// Frames of a session, after which its learner begins another.
    var sessionFrames = 2_000
    var bodyBytes = 64
    /// Chooses what is sent among good frames (`Impurity`); nil for good frames alone.
    var seed: UInt64?
    /// The learner whose consent comes and goes: of its frames nobody knows beforehand what becomes of them.
    var waveringLearner: Int?
    /// Frames that may be sent and not yet accounted for by the ledger.
    var ahead = 20_000
  }

  private let producer: Mutex<KafkaProducer>
  private let remake: @Sendable () throws -> KafkaProducer
  /// Producers that a fatal error ended; what was on its way in them is still answered.
  private let ended = Mutex<[KafkaProducer]>([])
  private let journal: FaultJournal
  private let plan: Plan
  /// Frames the ledger accounts for, as far as is known.
  private let accounted: @Sendable () -> Int64
  private let isStopping = Atomic(false)
  private let task = Mutex<Task<Void, Never>?>(nil)
  private let number = Atomic(0)
  /// What may be sent once more: frames that were acknowledged, the last 200.
  private let delivered = Mutex<[Sent]>([])
  private let generator: Mutex<SplitMix64?>

  private struct Sent: Sendable {
    let frame: FrameEvent
    let image: [UInt8]
    let partition: Int32
    var isWavering = false
  }

  /// - Parameter remake: another producer, for when a fatal error has ended one: an LMS begins anew then, too.
  init(
    producer: KafkaProducer, journal: FaultJournal, plan: Plan, remake: @escaping @Sendable () throws -> KafkaProducer,
    accounted: @escaping @Sendable () -> Int64
  ) {
    self.producer = Mutex(producer)
    self.remake = remake
    (self.journal, self.plan, self.accounted) = (journal, plan, accounted)
    generator = Mutex(plan.seed.map { SplitMix64(seed: $0) })
  }

  /// Sends until it is stopped.
  func start() {
    isStopping.store(false, ordering: .relaxed)
    task.withLock { task in
      task = Task { [self] in
        let begin = ContinuousClock.now
        var due = 0
        while !isStopping.load(ordering: .relaxed) {
          let until = Int(begin.duration(to: .now) / .seconds(1) * Double(plan.rate))
          // What could not be sent while the broker was away is not made up for.
          for _ in 0..<min(until - due, plan.rate / 5 + 1) where mayGoOn { send() }
          due = until
          try? await Task.sleep(for: .milliseconds(10))
        }
      }
    }
  }

  /// Sends so many at once.
  func send(_ count: Int) { for _ in 0..<count { send() } }

  /// Ends sending and waits until every frame is acknowledged or failed.
  func stop(within limit: Duration = .seconds(60)) async throws {
    isStopping.store(true, ordering: .relaxed)
    await task.withLock { $0 }?.value
    let deadline = ContinuousClock.now + limit
    while journal.counts.acknowledged + journal.counts.failed < journal.counts.begun {
      guard ContinuousClock.now < deadline else { throw FaultBenchError.tooSlow("sent frames are not acknowledged") }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Goes on with another producer after the log became another one: what was acknowledged before may be gone, so
  /// nothing of it is sent once more. Nothing may be on its way.
  func goOn(with another: KafkaProducer) {
    producer.withLock { $0 = another }
    delivered.withLock { $0.removeAll() }
  }

  private var mayGoOn: Bool {
    let counts = journal.counts
    return counts.begun - counts.acknowledged - counts.failed < 5_000
      && Int64(counts.acknowledged) - accounted() < Int64(plan.ahead)
  }

  private func send() {
    let impurity = generator.withLock { generator -> (Impurity, choice: Int)? in
      guard generator != nil, let impurity = Impurity.next(using: &generator!) else { return nil }
      return (impurity, generator!.next(below: 200))
    }
    if let (impurity, choice) = impurity, impurity.repeatsAFrame {
      // Until something was acknowledged there is nothing to send again.
      let earlier = delivered.withLock { $0.isEmpty ? nil : $0[choice % $0.count] }
      if let earlier { return send(earlier, impurity) }
    }
    let number = number.wrappingAdd(1, ordering: .relaxed).oldValue
    let session = number % plan.sessions
    let (sitting, sequence) = (number / plan.sessions).quotientAndRemainder(dividingBy: plan.sessionFrames)
    // Two sessions of a partition differ in nothing but their names' normal form, and take turns.
    let form = session / plan.partitions % 2 == 0 ? "\u{E9}" : "e\u{301}"
    let name = "f\(session % plan.partitions)-\(session / (plan.partitions * 2))\(form)"
    let frame = IngestBench.frame(
      session: "\(name)-\(sitting)", sequence: Int32(sequence),
      learner: IngestBench.learner(session % plan.learners))
    let image = Self.picture(number, bytes: plan.bodyBytes)
    let sent = Sent(
      frame: frame, image: image, partition: Int32(session % plan.partitions),
      isWavering: session % plan.learners == plan.waveringLearner)
    send(sent, impurity?.0.repeatsAFrame == false ? impurity?.0 : nil)
  }

  private func send(_ sent: Sent, _ impurity: Impurity?) {
    let event = sent.image.withUnsafeBytes { sent.frame.encoded(image: $0) }
    let (frame, headers) = impurity?.record(of: sent.frame) ?? (sent.frame, event.headers)
    let expectation = sent.isWavering ? .any : impurity?.expectation ?? .sample
    let entry = journal.begin(frame, image: sent.image, expect: expectation)
    do {
      var record = event
      record.headers = headers
      try send(record, to: plan.topic, partition: sent.partition) { [self] result in
        switch result {
        case .success(let delivery):
          journal.acknowledge(entry, partition: delivery.partition, offset: delivery.offset)
          if impurity == nil, plan.seed != nil, !sent.isWavering { keep(sent) }
        case .failure(let error): journal.fail(error)
        }
      }
    } catch {
      journal.fail(error)
    }
  }

  /// Sends a record by the producer of the moment, or by a new one where a fatal error has ended that.
  ///
  /// An idempotent producer is ended by a leader that does not know its numbers any more
  /// (OUT_OF_ORDER_SEQUENCE_NUMBER).
  func send(
    _ event: EncodedEvent, to topic: TopicName, partition: Int32? = nil,
    onDelivery: @escaping @Sendable (Result<KafkaProducer.Delivery, KafkaError>) -> Void
  ) throws {
    let current = producer.withLock(\.self)
    func send(_ producer: KafkaProducer) throws(KafkaError) {
      try producer.send(
        topic: topic, key: event.key, headers: event.headers, value: event.value, partition: partition,
        onDelivery: onDelivery)
    }
    do throws(KafkaError) {
      try send(current)
    } catch {
      guard error.isFatal else { throw error }
      let next = try producer.withLock { producer in
        if producer === current {
          ended.withLock { $0.append(current) }
          producer = try remake()
        }
        return producer
      }
      try send(next)
    }
  }

  private func keep(_ sent: Sent) {
    delivered.withLock { delivered in
      if delivered.count >= 200 { delivered.removeFirst() }
      delivered.append(sent)
    }
  }

  /// Bytes that stand for a picture where no decoder looks.
  private static func picture(_ number: Int, bytes: Int) -> [UInt8] {
    let name = Array("picture \(number) ".utf8)
    return name + [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: max(0, bytes - name.count))
  }
}
