import Configuration
import Foundation
package import Processes

/// What `lectern doctor` says of the machine: what it has, and what of that this process may use.
package struct MachineFinding {
  private let resources: ProcessResources
  private let streams: Int

  /// - Parameter streams: frames that a worker would recognise at once.
  package init(_ resources: ProcessResources, streams: Int) {
    (self.resources, self.streams) = (resources, streams)
  }

  package var finding: Finding {
    let detail = ([processors, "\(Self.gigabytes(memory)) of memory"] + limits).joined(separator: ", ")
    if let shortage = WorkerMemory(streams: streams).shortage(of: resources) {
      return .warning("machine", detail, remedy: "\(shortage.sentence): \(WorkerMemory.remedy)")
    }
    // A worker with two streams of the full-size network needs about one; PostgreSQL and the broker the rest.
    guard memory >= 3_000_000_000 else { return .warning("machine", detail, remedy: "give it 4 GB for the demo") }
    return .good("machine", detail)
  }

  private var memory: UInt64 {
    min(resources.memoryByteCount, resources.memoryLimits[.controlGroup] ?? .max)
  }

  private var processors: String {
    var reasons: [String] = []
    if resources.allowedProcessors < resources.processors {
      reasons.append("affinity allows \(resources.allowedProcessors)")
    }
    if let quota = resources.processorQuota {
      reasons.append("the control group's quota is \(String(format: "%.2f", quota))")
    }
    guard !reasons.isEmpty else { return "\(resources.cores) cores" }
    return "\(resources.cores) of \(resources.processors) cores (\(reasons.joined(separator: ", ")))"
  }

  private var limits: [String] {
    ProcessResources.MemoryLimit.allCases.compactMap { limit in
      resources.memoryLimits[limit].map { "limited to \(Self.gigabytes($0)) by \(limit.name)" }
    }
  }

  private static func gigabytes(_ bytes: UInt64) -> String { String(format: "%.1f GB", Double(bytes) / 1e9) }
}
