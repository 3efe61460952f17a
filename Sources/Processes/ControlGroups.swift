import Foundation

/// What the kernel's control groups, version 1 or 2, let this process have: a container's limits, or a unit's.
///
/// A group's limits hold for those below it, so all groups from the process's own upwards are asked, as far as they are
/// mounted here.
package struct ControlGroups: Sendable {
  /// One hierarchy of groups where it is mounted.
  private struct Hierarchy {
    /// The folders of the process's group and of those above it.
    let folders: [String]
    let isVersion2: Bool
  }

  private let root: String

  /// - Parameter root: the folder that stands for `/`; a test makes one up.
  package init(root: String = "") { self.root = root }

  /// Processor time per time, in processors: 0.5 is half of one. Nil where it is not bounded.
  package var processorQuota: Double? {
    hierarchies(of: "cpu").flatMap { hierarchy in
      hierarchy.folders.compactMap { folder in
        hierarchy.isVersion2
          ? Self.quota(text("\(folder)/cpu.max"))
          : Self.quota(text("\(folder)/cpu.cfs_quota_us"), period: text("\(folder)/cpu.cfs_period_us"))
      }
    }.min()
  }

  /// Bytes of memory; nil where they are not bounded.
  package var memoryByteCount: UInt64? {
    hierarchies(of: "memory").flatMap { hierarchy in
      hierarchy.folders.compactMap { folder in
        text("\(folder)/\(hierarchy.isVersion2 ? "memory.max" : "memory.limit_in_bytes")").flatMap { UInt64($0) }
      }
    }.filter { $0 < Self.unbounded }.min()
  }

  /// Version 1 writes the largest number of whole pages where there is no limit, on every size of page above this.
  private static let unbounded: UInt64 = 1 << 62

  /// `50000 100000`, or `max 100000`.
  private static func quota(_ line: String?) -> Double? {
    let numbers = (line ?? "").split(separator: " ").map(String.init)
    return numbers.count == 2 ? quota(numbers[0], period: numbers[1]) : nil
  }

  /// Both in microseconds; a quota of -1 is none.
  private static func quota(_ quota: String?, period: String?) -> Double? {
    guard let quota = quota.flatMap({ Double($0) }), let period = period.flatMap({ Double($0) }), quota > 0, period > 0
    else { return nil }
    return quota / period
  }

  private func hierarchies(of controller: String) -> [Hierarchy] {
    let groups = (text("/proc/self/cgroup") ?? "").split(separator: "\n").map { line in
      // 4:cpu,cpuacct:/docker/0123, in version 2 0::/docker/0123. A path may hold further colons.
      line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
    }.filter { $0.count == 3 }
    return (text("/proc/self/mountinfo") ?? "").split(separator: "\n").compactMap { line in
      let halves = line.split(separator: " - ", maxSplits: 1)
      guard halves.count == 2 else { return nil }
      let (place, kind) = (halves[0].split(separator: " "), halves[1].split(separator: " "))
      guard place.count > 4, let type = kind.first else { return nil }
      let isVersion2 = type == "cgroup2"
      let isOurs = isVersion2 || type == "cgroup" && kind.last!.split(separator: ",").contains { $0 == controller }
      let group = groups.first { group in
        isVersion2 ? group[0] == "0" : group[1].split(separator: ",").contains { $0 == controller }
      }
      guard isOurs, let group else { return nil }
      return Hierarchy(
        folders: Self.folders(of: group[2], mounted: String(place[3]), at: String(place[4])), isVersion2: isVersion2)
    }
  }

  /// The folders of a group and of those above it.
  ///
  /// - Parameters:
  ///   - root: the group that is mounted; what lies above it cannot be seen.
  ///   - point: the folder it is mounted at.
  private static func folders(of group: String, mounted root: String, at point: String) -> [String] {
    let root = root == "/" ? "" : root
    // One that lies outside, as in a container with groups of its own, is seen as the mounted one.
    var names = group.hasPrefix("\(root)/") ? group.dropFirst(root.count).split(separator: "/") : []
    var folders = [point]
    var below = point
    while !names.isEmpty {
      below += "/\(names.removeFirst())"
      folders.append(below)
    }
    return folders
  }

  /// A file without the line break at its end; nil where it cannot be read.
  private func text(_ path: String) -> String? {
    guard let text = try? String(contentsOfFile: root + path, encoding: .utf8) else { return nil }
    return text.hasSuffix("\n") ? String(text.dropLast()) : text
  }
}
