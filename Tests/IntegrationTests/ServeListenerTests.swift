import Foundation
import FoundationNetworking
import Processes
import Testing

extension Program {
  /// Where the built `lectern serve` answers what: pages on one listener, monitors on another. Needs no server.
  @Suite(.enabled(if: builtExecutable != nil, "LECTERN_TEST_EXECUTABLE names no program"))
  struct ServeListeners {
    private func status(_ url: String, host: String) async throws -> Int {
      var request = URLRequest(url: try #require(URL(string: url)), timeoutInterval: 60)
      request.setValue(host, forHTTPHeaderField: "Host")
      return (try await URLSession.shared.data(for: request).1 as? HTTPURLResponse)?.statusCode ?? 0
    }

    /// The port that a part of the program says it serves on.
    private func port(of logger: String, in log: String, _ child: ChildProcess) async throws -> String {
      let deadline = ContinuousClock.now + .seconds(60)
      while true {
        let lines = ((try? String(contentsOfFile: log, encoding: .utf8)) ?? "").split(separator: "\n")
        let said = lines.first { $0.contains("\"logger\":\"\(logger)\"") && $0.contains("\"url\":") }
        if let port = said?.firstMatch(of: #/:([0-9]+)\\?\//#)?.output.1 { return String(port) }
        try #require(child.exitStatus == nil && ContinuousClock.now < deadline, "\(lines)")
        try await Task.sleep(for: .milliseconds(50))
      }
    }

    /// Runs `lectern serve` with a listener for monitors at any address, and ends it.
    private func serving(_ body: (_ monitors: UInt16, _ pages: UInt16) async throws -> Void) async throws {
      let log = FileManager.default.temporaryDirectory.appending(path: "lectern-serve-\(UUID().uuidString).log").path
      defer { try? FileManager.default.removeItem(atPath: log) }
      let command = ChildCommand(
        try #require(builtExecutable), ["serve"],
        environment: [
          "LECTERN_POSTGRES_URL": "host=127.0.0.1 port=9", "LECTERN_DEPLOYMENT_REGION": "CH",
          "LECTERN_DEPLOYMENT_PURPOSE": "education", "LECTERN_HTTP_LISTEN": "127.0.0.1:0",
          "LECTERN_METRICS_LISTEN": "0.0.0.0:0", "LECTERN_LOG_FORMAT": "json",
        ])
      let child = try await ProcessLauncher().launch(command, log: log)
      do {
        let monitors = try #require(UInt16(try await port(of: "health", in: log, child)))
        try await body(monitors, try #require(UInt16(try await port(of: "serve", in: log, child))))
      } catch {
        await child.terminate()
        throw error
      }
      #expect(await child.terminate(grace: .seconds(60)) == .exited(0))
    }

    @Test func monitorsAskAListenerOfTheirOwn() async throws {
      try await serving { (monitorPort, pagePort) async throws in
        let (monitors, pages) = ("http://127.0.0.1:\(monitorPort)", "http://127.0.0.1:\(pagePort)")
        // As a kubelet and a Prometheus elsewhere name it.
        for host in ["10.1.2.3:9103", "lectern.example", "localhost"] {
          #expect(try await status("\(monitors)/live", host: host) == 200)
          #expect(try await status("\(monitors)/metrics", host: host) == 200)
          #expect(try await status("\(monitors)/ready", host: host) == 503)
          #expect(try await status("\(monitors)/", host: host) == 404)
        }
        #expect(try await status("\(pages)/style.css", host: "localhost") == 200)
        #expect(try await status("\(pages)/style.css", host: "lectern.example") == 421)
        #expect(try await status("\(pages)/live", host: "localhost") == 404)
      }
    }

    /// So many readers of pages that some have to go: with one table for both, the monitor's connection, which is the
    /// oldest, would be the first.
    @Test(.timeLimit(.minutes(5))) func readersOfPagesDoNotSilenceMonitors() async throws {
      let live = "GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n"
      try await serving { (monitors, pages) async throws in
        for _ in 0..<10 {
          let begin = ContinuousClock.now
          let monitor = try HeldConnection(port: monitors)
          #expect(monitor.exchange(live).hasPrefix("HTTP/1.1 200"))
          let readers = try (0..<700).map { _ in
            let reader = try HeldConnection(port: pages)
            reader.send("GET /style.css HTTP/1.1\r\nX: ")
            return reader
          }
          while !readers[0].isEnded, ContinuousClock.now - begin < .seconds(8) {
            try await Task.sleep(for: .milliseconds(20))
          }
          // Every connection has ten seconds for its next request: on a slow machine those may be over.
          let isInTime = readers[0].isEnded && !readers[699].isEnded && ContinuousClock.now - begin < .seconds(8)
          let answer = monitor.exchange(live)
          guard isInTime, ContinuousClock.now - begin < .seconds(9) else { continue }
          #expect(answer.hasPrefix("HTTP/1.1 200"), "\(answer)")
          for path in ["/live", "/metrics"] {
            #expect(try await status("http://127.0.0.1:\(monitors)\(path)", host: "localhost") == 200)
          }
          return withExtendedLifetime(readers) {}
        }
        Issue.record("the machine is too slow for 700 connections")
      }
    }
  }
}
