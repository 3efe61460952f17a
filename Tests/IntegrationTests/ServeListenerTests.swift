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

    @Test func monitorsAskAListenerOfTheirOwn() async throws {
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
        let monitors = "http://127.0.0.1:\(try await port(of: "health", in: log, child))"
        let pages = "http://127.0.0.1:\(try await port(of: "serve", in: log, child))"
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
      } catch {
        await child.terminate()
        throw error
      }
      #expect(await child.terminate(grace: .seconds(60)) == .exited(0))
    }
  }
}
