import CLinux

/// The memory of this process, as others may come to see it.
package enum ProcessMemory {
  /// Keeps it out of core dumps, wherever those go, and from other programs of the same user (debuggers,
  /// `/proc/PID/mem`); root still gets at it. Children write no core files either; other programs can look into them as
  /// ever. To be called before anything worth keeping is there, from any thread.
  package static func keepPrivate() throws(ProcessError) {
    let status = lectern_keep_memory_private()
    guard status == 0 else { throw .core(errno: status) }
  }
}
