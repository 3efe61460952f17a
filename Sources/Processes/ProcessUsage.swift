import CLinux
import Foundation

/// What the kernel says of this process, as Prometheus's client libraries report it. Any thread; each is asked for
/// anew, and nil where the kernel does not tell.
package enum ProcessUsage {
  /// Processor time in user and kernel mode, in seconds, of all threads; children are not in it.
  package static var processorSeconds: Double? {
    var usage = rusage()
    guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return nil }
    return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
  }

  /// Bytes of memory that this process has in RAM.
  package static var residentBytes: Double? {
    guard let pages = fields(of: "/proc/self/statm")?.dropFirst().first.flatMap({ Double($0) }) else { return nil }
    return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
  }

  /// Open file descriptors. A process whose memory is kept private may still list its own.
  package static var openDescriptors: Double? {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") else { return nil }
    // One of them was open to list them.
    return Double(names.count - 1)
  }

  /// How many descriptors it may open: the soft limit.
  package static var maximumDescriptors: Double? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
    return limit.rlim_cur == rlim_t.max ? .infinity : Double(limit.rlim_cur)
  }

  /// When it started, in seconds since 1970 by the present wall clock: a clock that is set later moves the answer.
  package static var startTime: Double? {
    // The name of the program, in brackets, may hold blanks; the start is field 22, in ticks since the machine's.
    guard let line = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
      let ticks = line.split(separator: ")").last?.split(separator: " ").dropFirst(19).first.flatMap({ Double($0) })
    else { return nil }
    var (booted, now) = (timespec(), timespec())
    guard clock_gettime(CLOCK_BOOTTIME, &booted) == 0, clock_gettime(CLOCK_REALTIME, &now) == 0 else { return nil }
    let age = seconds(booted) - ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    return seconds(now) - age
  }

  private static func seconds(_ time: timespec) -> Double { Double(time.tv_sec) + Double(time.tv_nsec) / 1e9 }

  private static func fields(of path: String) -> [Substring]? {
    (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: " ")
  }
}
