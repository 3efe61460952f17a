import TestSupport
import Testing

// The roots of the tests that need servers or the built program. The suites of one root run one after another; the
// roots run beside each other: as processes of their own under `make test` (ops/run-tests), in one process otherwise.
//
// Add a suite in a file of its own in this folder: `extension Database { @Suite struct StoreTests { … } }`, with
// `.enabled(if: PostgresTestServer.isWanted)` where it needs PostgreSQL. A suite that finds things out about its own
// process, such as the children it has, shares a root with every other suite that changes them.

/// Tests of PostgreSQL without a broker; they mostly compute.
@Suite(.serialized, .postgresServer)
enum Database {}

/// Tests of the log: producers, consumers and workers. They run against the embedded broker, and once more against an
/// Apache Kafka where one is given.
@Suite(.serialized, .postgresServer)
enum Broker {}

/// What the built program's commands do with a log and its ledger; against both brokers as well.
@Suite(.serialized, .postgresServer)
enum Operators {}

/// Workers, connections and databases that fail; against both brokers as well.
@Suite(.serialized, .postgresServer)
enum Faults {}

/// Brokers, logs and groups that fail; against both brokers as well.
@Suite(.serialized, .postgresServer)
enum BrokerFaults {}

/// Logs that become others and leaders that move, on clusters of Apache Kafka that the tests start for themselves.
@Suite(.serialized, .postgresServer)
enum LogFaults {}

/// The built program and its decoder processes, with whichever broker is at hand.
@Suite(.serialized, .postgresServer)
enum Program {}
