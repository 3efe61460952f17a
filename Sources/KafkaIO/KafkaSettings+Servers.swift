import Addresses

/// Where the configured brokers are and how they prove who they are. Judged by the settings alone: what brokers say of
/// each other (`advertised.listeners`) is known only once one is asked.
extension KafkaSettings {
  /// Properties that would send a client to other brokers than `bootstrapServers`, past everything that judges those.
  package static let reservedProperties: Set<String> = ["bootstrap.servers", "metadata.broker.list"]

  /// Whether every broker is named by a loopback address. False where none is named.
  package var isOnThisMachine: Bool {
    !servers.isEmpty && servers.allSatisfy { Loopback.contains($0.host) } && !namesOtherServers
  }

  /// Whether each broker on another machine has to prove by TLS that it is the one that was named.
  package var verifiesServers: Bool {
    !namesOtherServers
      && servers.allSatisfy { server in
        if Loopback.contains(server.host) { return true }
        let security = server.security ?? properties["security.protocol"] ?? "plaintext"
        return ["ssl", "sasl_ssl"].contains(security.lowercased()) && !refrainsFromVerifying
      }
  }

  private var namesOtherServers: Bool { !Self.reservedProperties.isDisjoint(with: properties.keys) }

  /// Encrypted, but with whoever answers: a certificate is not asked for, or not for the name. From librdkafka 2.0 on
  /// both checks are made unless they are turned off.
  private var refrainsFromVerifying: Bool {
    let isUnchecked = properties["enable.ssl.certificate.verification"].map {
      !["true", "t", "1"].contains($0.lowercased())
    }
    return isUnchecked == true || properties["ssl.endpoint.identification.algorithm"]?.lowercased() == "none"
  }

  private struct Server {
    /// The protocol in front of the address, which goes over `security.protocol`.
    let security: String?
    let host: Substring
  }

  /// `[PROTOCOL://]host[:port]`, several separated by commas, as librdkafka reads them.
  private var servers: [Server] {
    bootstrapServers.split(separator: ",").map { text in
      var address = text.drop { $0 == " " }
      var security: String?
      if let range = address.firstRange(of: "://") {
        security = String(address[..<range.lowerBound])
        address = address[range.upperBound...]
      }
      if address.hasPrefix("["), let end = address.firstIndex(of: "]") {
        return Server(security: security, host: address[address.index(after: address.startIndex)..<end])
      }
      return Server(security: security, host: address.prefix { $0 != ":" })
    }
  }
}
