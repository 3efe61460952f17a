import Commands
import LearningEvents
import Processes
import Testing

@Suite struct MachineFindingTests {
  private func finding(_ resources: ProcessResources, streams: Int = 2) -> Finding {
    MachineFinding(resources, streams: streams).finding
  }

  @Test func theWholeMachineIsSaidInOneWord() {
    let resources = ProcessResources(processors: 8, memoryByteCount: 16_000_000_000)
    #expect(finding(resources) == .good("machine", "8 cores, 16.0 GB of memory"))
    let small = ProcessResources(processors: 1, memoryByteCount: 2_000_000_000)
    #expect(finding(small).state == .warning && finding(small).remedy == "give it 4 GB for the demo")
  }

  @Test func whatIsTakenAwayIsSaidWithWhoTakesIt() {
    var resources = ProcessResources(
      processors: 64, allowedProcessors: 4, processorQuota: 0.5, memoryByteCount: 256_000_000_000)
    resources.memoryLimits[.controlGroup] = 8_000_000_000
    #expect(
      finding(resources)
        == .good(
          "machine",
          "1 of 64 cores (affinity allows 4, the control group's quota is 0.50), 8.0 GB of memory, "
            + "limited to 8.0 GB by the control group (memory.max)"))
  }

  @Test(arguments: ProcessResources.MemoryLimit.allCases)
  func aLimitThatCannotBeMetIsSaidWithWhatIsNeeded(limit: ProcessResources.MemoryLimit) throws {
    let needed = WorkerMemory(streams: 2).neededBytes(limit)
    var resources = ProcessResources(processors: 2, memoryByteCount: 16 << 30, memoryLimits: [limit: needed])
    #expect(WorkerMemory(streams: 2).shortage(of: resources) == nil)
    #expect(WorkerMemory(streams: 3).shortage(of: resources)?.limit == limit)
    resources.memoryLimits[limit] = needed - 1
    let shortage = try #require(WorkerMemory(streams: 2).shortage(of: resources))
    #expect(shortage.sentence.contains("needs about \(needed >> 20) MiB"))
    #expect(finding(resources).remedy?.contains(shortage.sentence) == true)
  }
}

@Suite struct TimeArgumentTests {
  private let now = EventTime(rfc3339: "2026-11-23T10:30:15.5Z")!

  @Test(arguments: [
    ("2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z"), ("today", "2026-11-23T00:00:00Z"),
    ("yesterday", "2026-11-22T00:00:00Z"), ("now", "2026-11-23T10:30:15.500000Z"),
    ("10m", "2026-11-23T10:20:15.500000Z"),
    ("-10m", "2026-11-23T10:20:15.500000Z"), ("1d", "2026-11-22T10:30:15.500000Z"),
    ("2h30m", "2026-11-23T08:00:15.500000Z"),
  ])
  func momentsAreRead(text: String, time: String) throws {
    let argument = try #require(TimeArgument(configurationText: text))
    #expect(argument.time(now: now).rfc3339 == time && argument.configurationText == text)
  }

  @Test(arguments: ["", "-", "--10m", "10", "soon", "Today", "10 m", "2026-11-23", "+10m"])
  func otherTextsAreNone(text: String) {
    #expect(TimeArgument(configurationText: text) == nil)
  }
}
