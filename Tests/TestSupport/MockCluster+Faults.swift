import CKafka
package import KafkaIO

/// Faults of the embedded broker.
extension MockCluster {
  /// Requests whose failures can be pushed, by Kafka's API key.
  package enum Request: Int16, Sendable {
    case produce = 0
    case heartbeat = 12
    case syncGroup = 14
  }

  /// Fails the next requests of a kind, one code each. Code `transport` cuts the connection.
  package func failNext(_ request: Request, with codes: [KafkaError.Code]) {
    let errors = codes.map { rd_kafka_resp_err_t($0.rawValue) }
    rd_kafka_mock_push_request_errors_array(pointer, request.rawValue, errors.count, errors)
  }

  /// Forgets pushed failures of a kind.
  package func clearFailures(of request: Request) { rd_kafka_mock_clear_request_errors(pointer, request.rawValue) }

  /// Takes all brokers down (connections cut, none accepted) or up again. The log stays.
  package func setDown(_ isDown: Bool) throws(KafkaError) {
    try check(
      isDown ? rd_kafka_mock_broker_set_down(pointer, -1) : rd_kafka_mock_broker_set_up(pointer, -1),
      "taking brokers down or up")
  }

  /// Delays every answer.
  package func setRoundTripTime(milliseconds: Int32) throws(KafkaError) {
    try check(rd_kafka_mock_broker_set_rtt(pointer, -1, milliseconds), "setting the round-trip time")
  }

  private func check(_ code: rd_kafka_resp_err_t, _ operation: String) throws(KafkaError) {
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
      throw KafkaError(KafkaError.Code(rawValue: code.rawValue), while: operation)
    }
  }
}
