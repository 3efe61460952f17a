package import Processes

/// What memory a worker needs, and which limit lets it have less.
///
/// Measured with the full-size network on x86-64 (docs/operations.md, "Memory"), as the least under which a worker
/// starts, rounded up; another network needs another amount, so that a shortage is said and nothing refused.
package struct WorkerMemory {
  /// A limit that is too low.
  package struct Shortage: Equatable {
    package let limit: ProcessResources.MemoryLimit
    package let streams: Int
    package let limitBytes, neededBytes: UInt64

    package var sentence: String {
      "a worker with \(streams) streams of the full-size network needs about \(neededBytes >> 20) MiB, and "
        + "\(limit.name) allows \(limitBytes >> 20) MiB"
    }
  }

  /// What mends a shortage.
  package static let remedy = "raise the limit, or set LECTERN_RECOGNITION_STREAMS to fewer"

  private let streams: Int

  package init(streams: Int) { self.streams = streams }

  /// Bytes that a limit of the kind must allow.
  package func neededBytes(_ limit: ProcessResources.MemoryLimit) -> UInt64 {
    let (base, stream): (UInt64, UInt64) =
      switch limit {
      // The most that was resident, while the network is loaded, and a decoder each.
      case .controlGroup: (270, 36)
      // The memory that is shared with a decoder counts whole, though little of it is ever used.
      case .addressSpace: (700, 152)
      case .data: (340, 50)
      }
    return (base + stream * UInt64(streams)) << 20
  }

  /// The first limit that is too low; nil where all are met.
  package func shortage(of resources: ProcessResources) -> Shortage? {
    ProcessResources.MemoryLimit.allCases.lazy.compactMap { limit in
      guard let bytes = resources.memoryLimits[limit], bytes < neededBytes(limit) else { return nil }
      return Shortage(limit: limit, streams: streams, limitBytes: bytes, neededBytes: neededBytes(limit))
    }.first
  }
}

extension ProcessResources.MemoryLimit {
  /// As it is called where it is set.
  var name: String {
    switch self {
    case .controlGroup: "the control group (memory.max)"
    case .addressSpace: "ulimit -v (RLIMIT_AS)"
    case .data: "ulimit -d (RLIMIT_DATA)"
    }
  }
}
