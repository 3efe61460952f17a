import Analytics
import Foundation
import LearningEvents
import Testing

/// Seed CSV in, expected CSV out: `Tests/Goldens/analytics`, written by an independent implementation in Python.
@Suite struct RollupGoldenTests {
  typealias Record = [String: String]

  static func read(_ name: String) throws -> [Record] {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: tests.appending(path: "Goldens/analytics/\(name)"), encoding: .utf8)
    let lines = text.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    return lines.dropFirst().map { Record(uniqueKeysWithValues: zip(lines[0], $0)) }
  }

  let learners: [Int64: [Int64?: LearnerMetrics]]

  init() throws {
    let segments = [(1, 0, 60_000), (2, 60_000, 150_000), (3, 150_000, 240_000)].map { key, start, end in
      CourseSegment(
        key: Int64(key), id: "s\(key)", ordinal: Int32(key),
        range: .media(startMilliseconds: Int64(start), endMilliseconds: Int64(end)))
    }
    let fold = SessionFold(segments: SegmentMap(segments), frameIntervalMilliseconds: 5000)
    var frames: [Int64: [TimedFrame]] = [:]
    for row in try Self.read("frames.csv") {
      let learner = try #require(Int64(row["learner"] ?? ""))
      let status = try #require(Int16(row["status"] ?? "").flatMap { SampleStatus(rawValue: $0) })
      frames[learner, default: []].append(
        TimedFrame(
          capturedAt: Frames.time(try #require(Int64(row["ms"] ?? ""))),
          sequence: try #require(Int32(row["seq"] ?? "")), mediaPositionMilliseconds: Int64(row["media_ms"] ?? ""),
          status: status,
          distribution: EmotionSums(Emotion.allCases.map { Int64(row[$0.name] ?? "") ?? 0 })))
    }
    learners = frames.mapValues { frames in
      let sums = fold.sums(of: frames).segments
      let course = sums.values.reduce(into: SegmentSum()) { $0 += $1 }
      return sums.mapValues { LearnerMetrics($0, course: course, weights: .version1) }
    }
  }

  @Test func learnersComeOutAsExpected() throws {
    let expected = try Self.read("learners.csv")
    #expect(expected.count == learners.values.reduce(0) { $0 + $1.count })
    for row in expected {
      let learner = try #require(Int64(row["learner"] ?? ""))
      let found = try #require(learners[learner]?[Int64(row["segment"] ?? "")])
      for metric in Metric.allCases {
        #expect(found[metric] == Int64(row[metric.rawValue] ?? ""), "\(metric) of \(row)")
      }
    }
    // The seed holds what the rules are about.
    #expect(expected.contains { $0["concentration"] == "" })
    #expect(expected.contains { $0["segment"] == "" })
    #expect(expected.contains { ($0["confusion_episodes"] ?? "").count > 4 })
  }

  @Test func segmentsComeOutAsExpected() throws {
    var found: [Record] = []
    for segment in [nil, 1, 2, 3] as [Int64?] {
      let rows = learners.compactMap { learner, metrics in
        metrics[segment].map { (LearnerPseudonym(high: 0, low: UInt64(learner)), $0) }
      }
      let seed = BootstrapSeed(
        source: "https://lms.example", course: "calculus", segment: segment.map { "s\($0)" }, version: 1)
      let summaries = SegmentStatistics(learners: rows, seed: seed).summaries
      for metric in Metric.allCases {
        guard let summary = summaries[metric] else { continue }
        found.append([
          "segment": segment.map(String.init) ?? "", "metric": metric.rawValue, "learners": "\(summary.learners)",
          "mean": "\(summary.mean)", "lower_quartile": "\(summary.quartiles.lower)",
          "median": "\(summary.quartiles.median)", "upper_quartile": "\(summary.quartiles.upper)",
          "interval_low": "\(summary.interval.lowerBound)", "interval_high": "\(summary.interval.upperBound)",
        ])
      }
    }
    let expected = try Self.read("segments.csv")
    #expect(found.count == expected.count)
    for (row, expected) in zip(found, expected) { #expect(row == expected) }
  }
}
