import CLinux
import Glibc

/// What this process may use of the machine it runs on.
package struct ProcessResources: Sendable, Equatable {
  /// Processors of the machine that are on.
  package var processors: Int
  /// Those among them that this process may run on (`sched_getaffinity`: `taskset`, a container's `cpuset`).
  package var allowedProcessors: Int
  /// Processor time per time that its control group may take, in processors; nil where it is not bounded.
  package var processorQuota: Double?
  /// Bytes of memory the machine has.
  package var memoryByteCount: UInt64
  /// Limits on memory in bytes, by who sets them; empty where there are none.
  package var memoryLimits: [MemoryLimit: UInt64]

  /// What may bound memory.
  package enum MemoryLimit: String, Sendable, CaseIterable {
    /// What its control group may hold, its children included.
    case controlGroup
    /// `RLIMIT_AS`: everything that is mapped, used or not.
    case addressSpace
    /// `RLIMIT_DATA`: private memory that can be written.
    case data
  }

  package init(
    processors: Int, allowedProcessors: Int? = nil, processorQuota: Double? = nil, memoryByteCount: UInt64,
    memoryLimits: [MemoryLimit: UInt64] = [:]
  ) {
    (self.processors, self.processorQuota) = (processors, processorQuota)
    self.allowedProcessors = allowedProcessors ?? processors
    (self.memoryByteCount, self.memoryLimits) = (memoryByteCount, memoryLimits)
  }

  /// As the kernel has it at this moment.
  package static func ofProcess(groups: ControlGroups = ControlGroups()) -> ProcessResources {
    let online = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let allowed = Int(lectern_allowed_processors())
    let pages = UInt64(max(0, sysconf(Int32(_SC_PHYS_PAGES))))
    var limits: [MemoryLimit: UInt64] = [:]
    limits[.controlGroup] = groups.memoryByteCount
    limits[.addressSpace] = limit(lectern_address_space_limit())
    limits[.data] = limit(lectern_data_limit())
    return ProcessResources(
      processors: online, allowedProcessors: allowed > 0 ? allowed : online, processorQuota: groups.processorQuota,
      memoryByteCount: pages * UInt64(max(1, sysconf(Int32(_SC_PAGESIZE)))), memoryLimits: limits)
  }

  /// How many threads that compute without a pause have a processor each; at least 1.
  ///
  /// What is left over of a quota stays for what computes less: receiving, storing, decoding.
  package var cores: Int { max(1, min(allowedProcessors, processorQuota.map { Int($0) } ?? .max)) }

  /// Nil for what stands for no limit.
  private static func limit(_ bytes: UInt) -> UInt64? { bytes == .max ? nil : UInt64(bytes) }
}
