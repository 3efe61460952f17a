import Foundation
import FoundationNetworking
import KafkaIO
import LearningEvents
import LocalServers
import PostgresIO
import Processes
import Telemetry
import TestSupport
import Testing

extension Program {
  /// `/metrics`, `/live` and `/ready` of the built worker and aggregator, with their servers there and gone.
  @Suite(
    .enabled(if: builtExecutable != nil && PostgresTestServer.isWanted, "LECTERN_TEST_EXECUTABLE names no program"))
  struct Health {
    /// A command of the built program with a metrics port.
    private struct Running {
      let name: String
      let child: ChildProcess
      let url: String
      let logPath: String

      func get(_ path: String) async throws -> (status: Int, body: String) {
        let request = URLRequest(url: try #require(URL(string: url + path)), timeoutInterval: 20)
        let (data, response) = try await URLSession.shared.data(for: request)
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
      }

      func waitForMetric(_ line: String, within limit: Duration = .seconds(120)) async throws {
        let deadline = ContinuousClock.now + limit
        while try await !get("metrics").body.contains("\n\(line)\n") {
          guard ContinuousClock.now < deadline else {
            Issue.record("\(name) has no \(line)")
            throw IngestBenchError.tooSlow
          }
          try await Task.sleep(for: .milliseconds(250))
        }
      }

      /// Waits until `/ready` answers so; liveness holds all the while.
      func waitForReady(_ status: Int, _ words: String = "", within limit: Duration = .seconds(120)) async throws {
        let deadline = ContinuousClock.now + limit
        while true {
          let live = try await get("live")
          #expect(live.status == 200, "\(name) is not live: \(live)")
          let ready = try await get("ready")
          if ready.status == status, words.isEmpty || ready.body.contains(words) { return }
          guard ContinuousClock.now < deadline else {
            Issue.record("\(name): /ready says \(ready), not \(status) \(words)")
            throw IngestBenchError.tooSlow
          }
          try await Task.sleep(for: .milliseconds(250))
        }
      }
    }

    private func start(_ name: String, in folder: String, environment: [String: String?]) async throws -> Running {
      let logPath = "\(folder)/\(name).log"
      // Pages have monitors beside them unless those have a listener of their own.
      let settings: [String: String?] = [
        "LECTERN_METRICS_PORT": name == "serve" ? nil : "0", "LECTERN_HTTP_PORT": "0", "LECTERN_LOG_FORMAT": "json",
      ]
      let child = try await ProcessLauncher().launch(
        ChildCommand(try #require(builtExecutable), [name], environment: environment.merging(settings) { $1 }),
        log: logPath)
      let deadline = ContinuousClock.now + .seconds(60)
      while true {
        let log = (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? ""
        if let match = log.firstMatch(of: #/"url":"(http:[^"]*)"/#) {
          let url = match.output.1.replacing("\\/", with: "/")
          return Running(name: name, child: child, url: String(url), logPath: logPath)
        }
        guard child.exitStatus == nil, ContinuousClock.now < deadline else {
          await child.terminate()
          Issue.record("\(name) does not serve: \(log.suffix(2000))")
          throw IngestBenchError.tooSlow
        }
        try await Task.sleep(for: .milliseconds(100))
      }
    }

    /// Runs a test with what a demo leaves behind: a database with the schema and some rows, and a bundle.
    private func withDemo(_ body: (_ folder: String) async throws -> Void) async throws {
      let folder = "/tmp/lectern-health-test-\(UInt32.random(in: .min ... .max))"
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let demo = ChildCommand(
        try #require(builtExecutable),
        ["demo", "--data-dir", folder, "--port", "0", "--learners", "1", "--duration", "1m", "--exit-when-done"],
        environment: ["LECTERN_POSTGRES_URL": nil, "LECTERN_KAFKA_BOOTSTRAP_SERVERS": nil])
      try await ProcessLauncher().run(demo, deadline: .seconds(300)).requireSuccess()
      try await body(folder)
    }

    /// The demo's server, always found at the same address: each start has its socket in another folder.
    private func cluster(_ folder: String) async throws -> PostgresCluster {
      let cluster = try await PostgresCluster.start(
        folder: "\(folder)/postgresql", durability: .none, launcher: ProcessLauncher(), logger: .silent)
      let link = "\(folder)/socket"
      try? FileManager.default.removeItem(atPath: link)
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: cluster.socketFolder)
      return cluster
    }

    @Test(.timeLimit(.minutes(8))) func liveWithoutServersReadyOnlyWithThem() async throws {
      try await withDemo { folder in
        let broker = try await BlockingThread().run {
          let broker = try EmbeddedBroker(logger: .silent)
          try broker.createTopic("lectern.frames.v1", partitions: 2)
          try broker.createTopic("lectern.control.v1", partitions: 1)
          return broker
        }
        var postgres = try await cluster(folder)
        let properties = EmbeddedBroker.consumerProperties.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
        let environment: [String: String?] = [
          "LECTERN_POSTGRES_URL": "host=\(folder)/socket user=lectern dbname=lectern",
          "LECTERN_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrapServers, "LECTERN_KAFKA_PROPERTIES": properties,
          "LECTERN_KAFKA_CLUSTER_ID": broker.clusterID.text, "LECTERN_DEPLOYMENT_REGION": "BE",
          "LECTERN_DEPLOYMENT_PURPOSE": "demonstration",
          "LECTERN_PSEUDONYM_SECRET_FILE": "\(folder)/pseudonym-secret",
          "LECTERN_MODEL_BUNDLE": "\(folder)/model-untrained", "LECTERN_RECOGNITION_STREAMS": "1",
        ]
        let worker = try await start("worker", in: folder, environment: environment)
        let aggregator = try await start("aggregate", in: folder, environment: environment)
        let pages = try await start("serve", in: folder, environment: environment)
        do {
          for program in [worker, aggregator, pages] { try await program.waitForReady(200, "ready") }
          try await worker.waitForMetric(#"lectern_ingest_lag_seconds{topic="frames"} 0"#)
          var exposed = try await checkMetrics(
            worker,
            having: [
              "lectern_ingest_assigned_partitions 3", "lectern_http_requests_total{",
              #"lectern_ingest_lag_records{topic="frames"} 0"#, #"lectern_ingest_lag_records{topic="control"} 0"#,
            ])
          exposed.add(try await checkMetrics(aggregator, having: ["lectern_aggregate_dirty_courses 0"]))
          exposed.add(try await checkMetrics(pages, having: []))

          try broker.cluster.setDown(true)
          try await worker.waitForReady(503, "Kafka cannot be reached")
          try await aggregator.waitForReady(200)
          try broker.cluster.setDown(false)
          try await worker.waitForReady(200)

          await postgres.stop()
          for program in [worker, aggregator] { try await program.waitForReady(503, "PostgreSQL cannot be reached") }
          postgres = try await cluster(folder)
          for program in [worker, aggregator] { try await program.waitForReady(200) }
          // What an alert or a panel asks for is there, with the labels it asks by and their values: by now something
          // was answered with an error.
          exposed.add(try await checkMetrics(worker, having: []))
          let labels = exposed.mapValues { Set($0.keys) }
          let expressions = try MonitoringFiles.alertExpressions().map(\.expression)
          for expression in try expressions + MonitoringFiles.dashboardExpressions() {
            #expect(MonitoringFiles.problems(in: expression, given: labels).isEmpty, "\(expression)")
            let unknown = MonitoringFiles.unknownValues(in: expression, given: exposed)
            #expect(unknown.isEmpty, "\(unknown) of \(expression)")
          }
        } catch {
          await end([worker, aggregator, pages], postgres)
          throw error
        }
        for status in await end([worker, aggregator, pages], postgres) { #expect(status == .exited(0)) }
        // The last lines say what was done, also of what a signal ended.
        for (program, words) in [
          (worker, "the worker ends"), (aggregator, "the aggregator ends"), (pages, "requests were answered"),
        ] {
          let log = try String(contentsOfFile: program.logPath, encoding: .utf8)
          #expect(log.contains("\"message\":\"\(words)\""), "\(program.name): \(log.suffix(500))")
        }
      }
    }

    @discardableResult
    private func end(_ programs: [Running], _ postgres: PostgresCluster) async -> [Processes.ExitStatus] {
      var statuses: [Processes.ExitStatus] = []
      for program in programs { statuses.append(await program.child.terminate(grace: .seconds(60))) }
      await postgres.stop()
      return statuses
    }

    /// What is served is what Prometheus reads: promtool has no complaint where there is one, and the page knows every
    /// name.
    /// - Returns: the values of each label of each metric.
    private func checkMetrics(
      _ program: Running, having lines: [String]
    ) async throws -> [String: [String: Set<String>]] {
      let metrics = try await program.get("metrics")
      #expect(metrics.status == 200)
      let standard = [
        "lectern_build_info{version=\"", "process_start_time_seconds ", "process_cpu_seconds_total ",
        "process_resident_memory_bytes ", "process_open_fds ", "process_max_fds ",
      ]
      for line in standard + lines { #expect(metrics.body.contains("\n" + line), "\(program.name) has no \(line)") }
      var exposed: [String: [String: Set<String>]] = [:]
      for match in metrics.body.matches(of: #/(?m)^([a-z_]+?)(?:_bucket|_sum|_count)?(?:\{(.*)\})? \S+$/#) {
        let labels = (match.output.2 ?? "").matches(of: #/([a-z_]+)="([^"]*)"/#).map {
          (String($0.output.1), Set([String($0.output.2)]))
        }
        exposed.add([String(match.output.1): Dictionary(labels, uniquingKeysWith: { $0.union($1) })])
      }
      let documented = try MetricsDocumentationTests.documented()
      let kinds = metrics.body.matches(of: #/(?m)^# TYPE (\S+) (\S+)$/#).map(\.output)
      #expect(kinds.count >= 5)
      for (_, name, kind) in kinds {
        let labels = exposed[String(name)].map { Set($0.keys).subtracting(["le"]) }
        #expect(
          documented.contains { $0.name == name && $0.kind == kind && $0.labels == labels ?? $0.labels },
          "\(kind) \(name) with \(labels ?? []) is not what docs/metrics.md has")
      }
      guard let promtool = TestTools.path(of: "promtool") else { return exposed }
      let result = try await Self.check(metrics.body, with: promtool)
      #expect(result.status == .exited(0), "\(result.outputText)\(result.errorText)")
      #expect(result.outputText.isEmpty && result.errorText.isEmpty, "\(result.outputText)\(result.errorText)")
      return exposed
    }

    /// promtool is no part of the package: what it judges above must not go unjudged where tools are required.
    @Test(.enabled(if: TestTools.path(of: "promtool") != nil, "no promtool (ops/bootstrap-tests.sh installs it)"))
    func promtoolFindsMistakes() async throws {
      let promtool = try #require(TestTools.path(of: "promtool"))
      let result = try await Self.check("# TYPE a_count counter\na_count 1\n", with: promtool)
      #expect(result.status != .exited(0))
    }

    /// Gives metrics to promtool, which reads them from its standard input.
    private static func check(_ metrics: String, with promtool: String) async throws -> ProcessResult {
      let file = FileManager.default.temporaryDirectory.appending(path: "lectern-metrics-\(UUID().uuidString)")
      try Data(metrics.utf8).write(to: file)
      defer { try? FileManager.default.removeItem(at: file) }
      let command = ChildCommand("sh", ["-c", "exec \"$1\" check metrics < \"$2\"", "sh", promtool, file.path])
      return try await ProcessLauncher().run(command, deadline: .seconds(30))
    }
  }
}

extension [String: [String: Set<String>]] {
  /// Adds the values of labels that another program exposes.
  fileprivate mutating func add(_ other: Self) { merge(other) { $0.merging($1) { $0.union($1) } } }
}
