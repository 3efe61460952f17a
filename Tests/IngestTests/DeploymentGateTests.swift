import Ingest
import Testing

@Suite struct DeploymentGateTests {
  private func refusal(
    _ region: String?, _ purpose: String?, basis: String? = nil, serversAreLocal: Bool = true
  ) -> DeploymentRefusal? {
    do throws(DeploymentRefusal) {
      _ = try DeploymentGate(region: region, purpose: purpose, basis: basis, serversAreLocal: serversAreLocal)
      return nil
    } catch {
      return error
    }
  }

  /// Every pair of purpose and place, with and without a reference: what the table in the README promises.
  @Test(arguments: DeploymentPurpose.allCases, ["DE", "NO", "US", "CH"])
  func everyPair(purpose: DeploymentPurpose, region: String) throws {
    let inEurope = ["DE", "NO"].contains(region)
    let bare = refusal(region, purpose.rawValue, serversAreLocal: false)
    let based = refusal(region, purpose.rawValue, basis: "ethics 2026/17", serversAreLocal: false)
    switch purpose {
    case .education:
      let expected = inEurope ? DeploymentRefusal.prohibited(try #require(DeploymentRegion(region))) : nil
      #expect(bare == expected)
      #expect(based == expected)
    case .medical, .safety, .research:
      #expect(bare == .basisMissing(purpose))
      #expect(based == nil)
    case .demonstration:
      #expect(bare == .demonstrationNotLocal)
      #expect(based == .demonstrationNotLocal)
      #expect(refusal(region, purpose.rawValue) == nil)
    }
  }

  @Test func unsetUnknownAndBlankAreRefused() {
    #expect(refusal(nil, "research", basis: "x") == .regionUnset)
    #expect(refusal("  ", "research", basis: "x") == .regionUnset)
    #expect(refusal("EU", "education") == .regionUnknown("EU"))
    #expect(refusal("Germany", "education") == .regionUnknown("Germany"))
    #expect(refusal("US", nil) == .purposeUnset)
    #expect(refusal("US", "Education") == .purposeUnknown("Education"))
    #expect(refusal("US", "safety", basis: " \t") == .basisMissing(.safety))
  }

  @Test func lowerCaseRegionsAreTheSameCountry() {
    #expect(refusal("de", "education") == DeploymentRegion("DE").map(DeploymentRefusal.prohibited))
    #expect(refusal("us", "education") == nil)
  }

  @Test func theRefusalNamesTheArticleAndTheKey() throws {
    let text = try #require(refusal("FR", "education")).description
    #expect(text.contains("Article 5(1)(f)"))
    #expect(text.contains("LECTERN_DEPLOYMENT_REGION"))
  }
}
