/// Why a deployment infers emotions. The purpose decides, together with the region, whether it may run at all.
package enum DeploymentPurpose: String, CaseIterable, Sendable {
  /// Teaching and learning analytics, the ordinary use outside the European Economic Area.
  case education
  /// A medical reason, named by a reference.
  case medical
  /// A safety reason, named by a reference.
  case safety
  /// Scientific research as the sole purpose, with an ethics approval named by a reference.
  case research
  /// Showing the software on one machine, with no LMS behind it.
  case demonstration
}
