import Aggregation
import Arguments
import Configuration
import Files
import KafkaIO
import LearningEvents
import LocalServers
import Persistence
import PostgresIO
import Reports
import Services
import Telemetry
import TextOutput

/// The LMS of the demo: gives the lesson, waits until everything is accounted for, writes the report.
struct DemoScenario: Service {
  let context: CommandContext
  let lesson: Lesson
  let picture: Lesson.Picture
  let broker: EmbeddedBroker?
  let folder: DemoFolder
  let reporting: Reporting
  let url: String
  let endsWhenDone: Bool
  let printsJSON: Bool

  private static let progressNote = "frames recognised and stored"

  func run() async throws {
    try await cancelWhenGracefulShutdown { try await play() }
    if !endsWhenDone { await gracefulShutdown() }
  }

  private func play() async throws {
    let producer = try KafkaProducer(settings: context.kafka, logger: context.logger.labelled("publish"))
    let ends = try await frameLogEnds()
    let clusterID = if let broker { broker.clusterID } else { try await context.clusterID() }
    let connection = try await PostgresConnection.open(
      context.postgres(role: nil, application: "demo"), logger: context.logger)
    let ledger = DemoLedger(
      connection: connection, topic: context.settings[Keys.frameTopic], clusterID: clusterID,
      uptime: context.environment.uptime)
    // On a Kafka that was used before, this worker may have older frames to read first.
    try await ledger.catchUp(with: ends)
    let before = try await ledger.totals()
    let rejectsBefore = try await ledger.rejects()
    for event in lesson.controlEvents(at: context.clock()) {
      _ = try await producer.produce(event.encoded(), to: context.settings[Keys.controlTopic])
    }
    context.console.note(
      "\(lesson.learners.count) learners, \(lesson.segments.count) segments, \(lesson.frameCount) frames on their way\n"
    )

    let start = context.environment.uptime()
    let progress = context.progress(total: lesson.frameCount)
    let published = try await publish(producer, ledger, before, progress)
    let totals = try await ledger.waitUntilAccounted(after: before, published: published.published) {
      progress.update(done: $0, note: Self.progressNote)
    }
    progress.finish()
    let seconds = (context.environment.uptime() - start) / .seconds(1)
    let rejects = try await ledger.rejects().map { code, count in (code, count - rejectsBefore[code, default: 0]) }
    await ledger.close()

    // The lesson is over, and with it its release period: figures of cohorts that are large enough may be released.
    try await context.aggregator().runOnce(closingPeriods: true)
    let report = try await writeReport()
    let summary = DemoSummary(
      published: published.published, stored: totals.samples, rejected: totals.rejects, duplicates: totals.duplicates,
      rejects: rejects.filter { $0.1 > 0 }, segments: report.segments.count, seconds: seconds,
      reportPath: folder.report, url: url,
      isSynthetic: report.framesAreSynthetic, isTrained: report.models.allSatisfy(\.isTrained))
    if printsJSON {
      try context.console.print(json: summary)
    } else {
      context.console.print(summary.text(isServing: !endsWhenDone))
    }
    guard summary.addsUp, published.failed == 0 else { throw DemoError.doesNotAddUp }
  }

  private func publish(
    _ producer: KafkaProducer, _ ledger: DemoLedger, _ before: LedgerCounters, _ progress: ProgressLine
  ) async throws -> PublishCounts {
    var publisher = FramePublisher(
      producer: producer, topic: context.settings[Keys.frameTopic], uptime: context.environment.uptime)
    publisher.headroom = broker.map { _ in
      PartitionHeadroom(
        limitBytes: EmbeddedBroker.publishAheadLimitBytes, partitionCount: EmbeddedBroker.demoPartitionCount
      ) { try await ledger.nextOffsets() }
    }
    let watching = Task {
      while !Task.isCancelled {
        progress.update(done: try await ledger.accounted(since: before), note: Self.progressNote)
        try await Task.sleep(for: .milliseconds(250))
      }
    }
    defer { watching.cancel() }
    return try await publisher.publish(lesson.frames(picture))
  }

  /// Where each partition of the frame topic ends.
  private func frameLogEnds() async throws -> [Int32: Int64] {
    let (kafka, topic, logger) = (context.kafka, context.settings[Keys.frameTopic], context.logger)
    return try await ThreadExecutor(name: "demo-kafka").run { () throws(KafkaError) in
      let admin = try KafkaAdmin(settings: kafka, logger: logger)
      var ends: [Int32: Int64] = [:]
      for number in 0..<Int32(try admin.partitionCount(of: topic, timeout: .seconds(20)) ?? 0) {
        let partition = TopicPartition(topic: topic, partition: number)
        ends[number] = try admin.watermarks(of: partition, timeout: .seconds(20)).high
      }
      return ends
    }
  }

  private func writeReport() async throws -> CourseInterestReport {
    guard let course = try await reporting.source.courses().first(where: { $0.title == lesson.title }),
      let report = try await reporting.source.report(course: course.id)
    else { throw DemoError.noReport }
    _ = try await reporting.source.record(report)
    let page = CourseInterestPage(report).rendered()
    try OutputFile.write(page.utf8, to: FilePath(folder.report), .report)
    return report
  }
}

enum DemoError: Error, CustomStringConvertible {
  case stalled(stored: Int, published: Int)
  case backlogStalled
  case doesNotAddUp
  case noReport

  var description: String {
    switch self {
    case .stalled(let stored, let published):
      """
      nothing has moved for minutes at \(stored) of \(published) frames: run again with --log-level info and see what \
      the worker says
      """
    case .backlogStalled:
      """
      the topic holds older frames and reading them has not moved for minutes: run again with --log-level info and see \
      what the worker says
      """
    case .doesNotAddUp: "the frames published are not those stored, rejected and counted as duplicates"
    case .noReport: "the course has not reached the database: run again with --log-level info and see why"
    }
  }
}
