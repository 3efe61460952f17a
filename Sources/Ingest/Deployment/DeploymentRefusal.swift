/// Why a deployment may not run, in words an operator can act on.
package enum DeploymentRefusal: Error, Equatable, CustomStringConvertible {
  case regionUnset
  case regionUnknown(String)
  case purposeUnset
  case purposeUnknown(String)
  case basisMissing(DeploymentPurpose)
  case prohibited(DeploymentRegion)
  case demonstrationNotLocal

  package var description: String {
    switch self {
    case .regionUnset:
      "LECTERN_DEPLOYMENT_REGION is unset: set it to the ISO 3166 code of the country the learners are in, such as CH"
    case .regionUnknown(let value):
      "LECTERN_DEPLOYMENT_REGION is '\(value)', which is no ISO 3166-1 alpha-2 code: use two letters such as CH"
    case .purposeUnset:
      "LECTERN_DEPLOYMENT_PURPOSE is unset: set it to one of \(Self.purposes)"
    case .purposeUnknown(let value):
      "LECTERN_DEPLOYMENT_PURPOSE is '\(value)', which is unknown: use one of \(Self.purposes)"
    case .basisMissing(let purpose):
      """
      LECTERN_DEPLOYMENT_PURPOSE is '\(purpose.rawValue)', which needs LECTERN_DEPLOYMENT_BASIS: name the approval or \
      policy it rests on; the reference is logged and shown
      """
    case .prohibited(let region):
      """
      LECTERN_DEPLOYMENT_PURPOSE is 'education' and LECTERN_DEPLOYMENT_REGION is '\(region)': Regulation (EU) 2024/1689 \
      (AI Act), Article 5(1)(f), prohibits inferring emotions of people in education institutions there, and consent \
      is no exception. Lectern does not start
      """
    case .demonstrationNotLocal:
      """
      LECTERN_DEPLOYMENT_PURPOSE is 'demonstration', which allows loopback servers only: point \
      LECTERN_KAFKA_BOOTSTRAP_SERVERS and LECTERN_POSTGRES_URL at 127.0.0.1, ::1, localhost or a Unix socket, without \
      a service, unset PGHOST, PGHOSTADDR and PGSERVICE, or name the real purpose
      """
    }
  }

  private static var purposes: String { DeploymentPurpose.allCases.map(\.rawValue).joined(separator: ", ") }
}
