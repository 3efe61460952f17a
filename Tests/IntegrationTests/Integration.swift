import TestSupport
import Testing

/// The root of every test that needs a server. They run one after another, in a second `swift test --filter Integration`.
///
/// Add a suite in a file of its own in this folder: `extension Integration { @Suite struct Store { … } }`, with
/// `.enabled(if: PostgresTestServer.isWanted)` where it needs PostgreSQL.
@Suite(.serialized, .postgresServer)
enum Integration {}
