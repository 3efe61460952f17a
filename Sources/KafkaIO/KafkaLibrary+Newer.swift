import CKafka
import Glibc

/// What librdkafka got after the version that Debian 12 has, looked up by name when the process asks first: a program
/// that was built with the older one uses what it runs with.
extension KafkaLibrary {
  /// From 2.1 on: the epoch of the leader that took a record; −1 if the broker does not say.
  static let messageLeaderEpoch = symbol(
    "rd_kafka_message_leader_epoch", as: (@convention(c) (UnsafePointer<rd_kafka_message_t>) -> Int32).self)

  /// Descriptions of topics, from 2.3 on.
  struct TopicDescriptions: Sendable {
    let collection: @convention(c) (UnsafeMutablePointer<UnsafePointer<CChar>?>, Int) -> OpaquePointer?
    let destroyCollection: @convention(c) (OpaquePointer?) -> Void
    let request: @convention(c) (OpaquePointer, OpaquePointer?, OpaquePointer?, OpaquePointer?) -> Void
    let result: @convention(c) (OpaquePointer) -> OpaquePointer?
    let topics: @convention(c) (OpaquePointer?, UnsafeMutablePointer<Int>) -> UnsafeMutablePointer<OpaquePointer?>?
    let error: @convention(c) (OpaquePointer?) -> OpaquePointer?
    let topicID: @convention(c) (OpaquePointer?) -> OpaquePointer?
    let text: @convention(c) (OpaquePointer?) -> UnsafePointer<CChar>?
  }

  static let topicDescriptions: TopicDescriptions? = {
    guard
      let collection = symbol(
        "rd_kafka_TopicCollection_of_topic_names",
        as: (@convention(c) (UnsafeMutablePointer<UnsafePointer<CChar>?>, Int) -> OpaquePointer?).self),
      let destroyCollection = symbol(
        "rd_kafka_TopicCollection_destroy", as: (@convention(c) (OpaquePointer?) -> Void).self),
      let request = symbol(
        "rd_kafka_DescribeTopics",
        as: (@convention(c) (OpaquePointer, OpaquePointer?, OpaquePointer?, OpaquePointer?) -> Void).self),
      let result = symbol(
        "rd_kafka_event_DescribeTopics_result", as: (@convention(c) (OpaquePointer) -> OpaquePointer?).self),
      let topics = symbol(
        "rd_kafka_DescribeTopics_result_topics",
        as: (@convention(c) (OpaquePointer?, UnsafeMutablePointer<Int>) -> UnsafeMutablePointer<OpaquePointer?>?).self),
      let error = symbol(
        "rd_kafka_TopicDescription_error", as: (@convention(c) (OpaquePointer?) -> OpaquePointer?).self),
      let topicID = symbol(
        "rd_kafka_TopicDescription_topic_id", as: (@convention(c) (OpaquePointer?) -> OpaquePointer?).self),
      let text = symbol(
        "rd_kafka_Uuid_base64str", as: (@convention(c) (OpaquePointer?) -> UnsafePointer<CChar>?).self)
    else { return nil }
    return TopicDescriptions(
      collection: collection, destroyCollection: destroyCollection, request: request, result: result, topics: topics,
      error: error, topicID: topicID, text: text)
  }()

  private static func symbol<Function>(_ name: String, as type: Function.Type) -> Function? {
    // Null is RTLD_DEFAULT: whichever librdkafka the process has loaded.
    dlsym(nil, name).map { unsafeBitCast($0, to: type) }
  }
}
