import Processes
import Telemetry

/// What Prometheus's client libraries tell of every process, under the names they use, and the program's version.
enum ProgramMetrics {
  static func register(in registry: MetricsRegistry, version: String) {
    registry.gauge(
      "lectern_build_info", help: "1, with the version of the program as a label", labels: ["version": version]
    ).set(1)
    // Once: every scrape must say the same, whatever becomes of the wall clock.
    let start = ProcessUsage.startTime
    registry.gauge("process_start_time_seconds", help: "Start of the process, in seconds since 1970") { start }
    registry.counter("process_cpu_seconds_total", help: "Processor time of the process, user and system, in seconds") {
      ProcessUsage.processorSeconds
    }
    registry.gauge("process_resident_memory_bytes", help: "Memory of the process in RAM") { ProcessUsage.residentBytes }
    registry.gauge("process_open_fds", help: "Open file descriptors") { ProcessUsage.openDescriptors }
    registry.gauge("process_max_fds", help: "File descriptors that the process may open") {
      ProcessUsage.maximumDescriptors
    }
  }
}
