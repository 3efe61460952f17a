import Foundation
import Processes
import Synchronization
import TestSupport
import Testing

extension Program {
  /// Whom the built `lectern doctor` gives a login to look at.
  @Suite(.enabled(if: builtExecutable != nil, "LECTERN_TEST_EXECUTABLE names no program"))
  struct DoctorServerTests {
    /// A server that takes every connection, counts it and ends it.
    private final class Door: Sendable {
      let port: UInt16
      private let listener: Int32
      private let visits = Mutex(0)

      init() throws {
        (listener, port) = try ProxySocket.listen()
        Thread.detachNewThread { [listener, weak self] in
          while case let descriptor = ProxySocket.accept(listener), descriptor >= 0 {
            self?.visits.withLock { $0 += 1 }
            close(descriptor)
          }
          close(listener)
        }
      }

      deinit { shutdown(listener, Int32(SHUT_RDWR)) }

      var count: Int { visits.withLock(\.self) }
    }

    /// Neither libpq nor librdkafka takes 127.1 for a name, and no rule of ours takes it for this machine.
    @Test(.timeLimit(.minutes(5)), arguments: [false, true])
    func aServerThatNeedNotProveWhoItIsIsNotAskedUnlessItIsLetOff(isLetOff: Bool) async throws {
      let (kafka, postgres) = (try Door(), try Door())
      let run = try await ProcessLauncher().run(
        ChildCommand(
          try #require(builtExecutable), ["doctor"],
          environment: [
            "LECTERN_KAFKA_BOOTSTRAP_SERVERS": "127.1:\(kafka.port)",
            "LECTERN_POSTGRES_URL": "postgresql://lectern:hush@127.1:\(postgres.port)/lectern",
            "LECTERN_ALLOW_UNVERIFIED_SERVERS": isLetOff ? "kafka,postgres" : nil,
          ]), deadline: .seconds(120))
      #expect(run.status == .exited(1))
      #expect(run.outputText.ranges(of: "not asked: ").count == (isLetOff ? 0 : 2), "\(run)")
      #expect(!run.outputText.contains("hush"))
      #expect((kafka.count > 0) == isLetOff && (postgres.count > 0) == isLetOff, "\(kafka.count) \(postgres.count)")
    }
  }
}
