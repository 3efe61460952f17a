import Foundation
import Processes
import Testing

@Suite struct ProcessUsageTests {
  @Test func processorTimeGrowsWithWork() throws {
    let before = try #require(ProcessUsage.processorSeconds)
    var sum = 0.0
    while try #require(ProcessUsage.processorSeconds) < before + 0.05 { for n in 1..<20_000 { sum += 1 / Double(n) } }
    #expect(sum > 0)
  }

  @Test func residentMemoryIsOfThisProcess() throws {
    let bytes = try #require(ProcessUsage.residentBytes)
    #expect(bytes > 1e6 && bytes < 1e12)
  }

  @Test func descriptorsAreCounted() throws {
    let files = try (0..<200).map { _ in try #require(FileHandle(forReadingAtPath: "/dev/null")) }
    let many = try #require(ProcessUsage.openDescriptors)
    // Other tests open and close some at the same time.
    #expect(many > 200)
    #expect(try #require(ProcessUsage.maximumDescriptors) >= many)
    for file in files { try file.close() }
  }

  /// The time that the kernel shows in the process's folder, to the second.
  @Test func theStartLiesBehindUs() throws {
    let start = try #require(ProcessUsage.startTime)
    let now = Date().timeIntervalSince1970
    #expect(start < now && start > now - 86_400 * 30)
    let again = try #require(ProcessUsage.startTime)
    #expect(abs(again - start) < 1)
  }
}
