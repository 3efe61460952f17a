import Foundation
import Processes
import Testing

@Suite struct ProcessResourcesTests {
  /// A made-up `/` whose files hold what they are given.
  private func withRoot<Value>(_ files: [String: String], _ body: (ControlGroups) -> Value) throws -> Value {
    let root = NSTemporaryDirectory() + "lectern-root-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: root) }
    for (path, text) in files {
      let file = URL(fileURLWithPath: root + path)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data((text + "\n").utf8).write(to: file)
    }
    return body(ControlGroups(root: root))
  }

  private static let version2 = [
    "/proc/self/cgroup": "0::/system.slice/lectern.service",
    "/proc/self/mountinfo": """
    22 26 0:21 / /proc rw,nosuid - proc proc rw
    30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate
    """,
  ]

  @Test func `version 2 bounds by the tightest group from the process's own upwards`() throws {
    var files = Self.version2
    files["/sys/fs/cgroup/system.slice/cpu.max"] = "150000 100000"
    files["/sys/fs/cgroup/system.slice/lectern.service/cpu.max"] = "max 100000"
    files["/sys/fs/cgroup/system.slice/memory.max"] = "max"
    files["/sys/fs/cgroup/system.slice/lectern.service/memory.max"] = "536870912"
    try withRoot(files) { groups in
      #expect(groups.processorQuota == 1.5 && groups.memoryByteCount == 512 << 20)
    }
    files["/sys/fs/cgroup/system.slice/lectern.service/cpu.max"] = "50000 100000"
    try withRoot(files) { #expect($0.processorQuota == 0.5) }
  }

  /// As in a container: the process sees its own group as `/`.
  @Test func `a group of its own is the one that is mounted`() throws {
    var files = Self.version2
    files["/proc/self/cgroup"] = "0::/"
    files["/sys/fs/cgroup/cpu.max"] = "200000 100000"
    try withRoot(files) { #expect($0.processorQuota == 2 && $0.memoryByteCount == nil) }
    // Or it sees where it lies outside of what is mounted.
    files["/proc/self/cgroup"] = "0::/../../docker/0123"
    try withRoot(files) { #expect($0.processorQuota == 2) }
  }

  @Test func `version 1 has a hierarchy a controller, and a mounted part of it`() throws {
    let files = [
      "/proc/self/cgroup": "4:memory:/docker/0123\n3:cpu,cpuacct:/docker/0123\n0::/",
      "/proc/self/mountinfo": """
      33 30 0:29 /docker/0123 /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct
      34 30 0:30 /docker /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory
      """,
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "50000",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
      "/sys/fs/cgroup/memory/0123/memory.limit_in_bytes": "268435456",
    ]
    try withRoot(files) { groups in
      #expect(groups.processorQuota == 0.5 && groups.memoryByteCount == 256 << 20)
    }
    var open = files
    open["/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us"] = "-1"
    open["/sys/fs/cgroup/memory/0123/memory.limit_in_bytes"] = "9223372036854771712"
    try withRoot(open) { groups in
      #expect(groups.processorQuota == nil && groups.memoryByteCount == nil)
    }
  }

  @Test(arguments: [[:], ["/proc/self/cgroup": "nonsense", "/proc/self/mountinfo": "1 2 - cgroup2\n - \n"]])
  func `what cannot be read bounds nothing`(files: [String: String]) throws {
    try withRoot(files) { #expect($0.processorQuota == nil && $0.memoryByteCount == nil) }
  }

  @Test func `cores are what affinity and quota leave, and at least one`() {
    func cores(_ allowed: Int, _ quota: Double?) -> Int {
      ProcessResources(processors: 64, allowedProcessors: allowed, processorQuota: quota, memoryByteCount: 1).cores
    }
    #expect(cores(64, nil) == 64 && cores(1, nil) == 1)
    #expect(cores(64, 0.5) == 1 && cores(64, 2) == 2 && cores(64, 2.9) == 2 && cores(2, 8) == 2)
  }

  /// Against the system's own tool, which asks for the affinity.
  @Test func `this process has what nproc says`() async throws {
    let said = try await ProcessLauncher().run(ChildCommand("/usr/bin/nproc", []), deadline: .seconds(20))
    let resources = ProcessResources.ofProcess()
    #expect(said.outputText == "\(resources.allowedProcessors)\n")
    #expect(resources.processors >= resources.allowedProcessors && resources.memoryByteCount > 1 << 20)
  }
}
