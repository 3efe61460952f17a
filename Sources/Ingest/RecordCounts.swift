import Telemetry

/// What became of records, since a worker began or within a while.
struct RecordCounts: Sendable, Equatable {
  var samples = 0
  var duplicates = 0
  var applied = 0
  var frameRejects = 0
  var controlRejects = 0
  var skipped = 0

  init() {}

  init(_ metrics: IngestMetrics) {
    samples = Int(metrics.samples.value)
    duplicates = Int(metrics.duplicates.value)
    applied = Int(metrics.applied.value)
    frameRejects = metrics.frames.rejects.values.reduce(0) { $0 + Int($1.value) }
    controlRejects = metrics.control.rejects.values.reduce(0) { $0 + Int($1.value) }
    skipped = Int(metrics.frames.skipped.value + metrics.control.skipped.value)
  }

  static func - (later: Self, earlier: Self) -> Self {
    var difference = Self()
    difference.samples = later.samples - earlier.samples
    difference.duplicates = later.duplicates - earlier.duplicates
    difference.applied = later.applied - earlier.applied
    difference.frameRejects = later.frameRejects - earlier.frameRejects
    difference.controlRejects = later.controlRejects - earlier.controlRejects
    difference.skipped = later.skipped - earlier.skipped
    return difference
  }

  /// As it stands in the log, with the time it is about.
  func metadata(over duration: Duration) -> KeyValuePairs<String, MetadataValue> {
    [
      "samples": .int(Int64(samples)), "duplicates": .int(Int64(duplicates)), "applied": .int(Int64(applied)),
      "frame_rejects": .int(Int64(frameRejects)), "control_rejects": .int(Int64(controlRejects)),
      "skipped": .int(Int64(skipped)), "seconds": .seconds(duration),
    ]
  }
}
