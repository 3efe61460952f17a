/// Decides whether a deployment may infer emotions, from where and why it says it runs.
///
/// Regulation (EU) 2024/1689 (AI Act), Article 5(1)(f), prohibits inferring emotions of people in education
/// institutions, except for medical or safety reasons, since 2 February 2025; consent is no exception. A worker asks
/// this gate before it connects to anything. It knows the law's outline only: a permission here is no legal advice.
package struct DeploymentGate: Sendable, Equatable {
  package let region: DeploymentRegion
  package let purpose: DeploymentPurpose
  /// What the deployment rests on (an approval's or a policy's reference); logged and shown, never empty.
  package let basis: String?

  /// Checks one combination.
  ///
  /// - Parameters:
  ///   - region: the value of `LECTERN_DEPLOYMENT_REGION`, nil or empty when unset.
  ///   - purpose: the value of `LECTERN_DEPLOYMENT_PURPOSE`, nil or empty when unset.
  ///   - basis: the value of `LECTERN_DEPLOYMENT_BASIS`, nil or blank when unset.
  ///   - serversAreLocal: whether Kafka and PostgreSQL are both reached over loopback or a Unix socket.
  /// - Throws: `DeploymentRefusal` when anything is unset, unknown, contradictory or prohibited.
  package init(
    region: String?, purpose: String?, basis: String?, serversAreLocal: Bool
  ) throws(DeploymentRefusal) {
    guard let region = region?.trimmed else { throw .regionUnset }
    guard let known = DeploymentRegion(region) else { throw .regionUnknown(region) }
    guard let purpose = purpose?.trimmed else { throw .purposeUnset }
    guard let purpose = DeploymentPurpose(rawValue: purpose) else { throw .purposeUnknown(purpose) }
    let basis = basis?.trimmed

    switch purpose {
    case .education:
      guard !known.isInEuropeanEconomicArea else { throw .prohibited(known) }
    case .medical, .safety, .research:
      guard basis != nil else { throw .basisMissing(purpose) }
    case .demonstration:
      guard serversAreLocal else { throw .demonstrationNotLocal }
    }
    self.region = known
    self.purpose = purpose
    self.basis = basis
  }
}

extension String {
  /// The text without surrounding white space; nil when nothing is left.
  fileprivate var trimmed: String? {
    let characters = drop(while: \.isWhitespace)
    guard let end = characters.lastIndex(where: { !$0.isWhitespace }) else { return nil }
    return String(characters[...end])
  }
}
