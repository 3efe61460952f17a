/// What a report says beside the figures, which the caller knows: where and why the deployment runs, and the rules.
package struct ReportContext: Sendable {
  package var deployment: CourseInterestReport.Deployment
  /// True if the frames show rendered faces.
  package var framesAreSynthetic: Bool
  /// Default 10, never under 5.
  package var cohortMinimum: Int

  package init(
    deployment: CourseInterestReport.Deployment, framesAreSynthetic: Bool, cohortMinimum: Int
  ) {
    self.deployment = deployment
    self.framesAreSynthetic = framesAreSynthetic
    self.cohortMinimum = cohortMinimum
  }
}
