import LearningEvents

/// Finds confusion episodes in one session's classified frames, fed in (captured_at, seq) order.
///
/// p_confused and p_focused + p_curious are smoothed exponentially (time constant 5 s) and start afresh after a gap of
/// 10 s or more between classified frames. An episode begins at the first frame with smoothed confusion ≥ 0.5 once that
/// has lasted 4 s, ends at the first frame below 0.35 (or, at a gap or the session's end, at the last frame before it),
/// and is resolved if smoothed focused + curious reaches 0.5 within 120 s of its end, gaps or not. It is credited whole
/// to the segment of the frame it began with.
///
/// Fixed-point throughout (2^−16 of a ten-thousandth). This is the only implementation: rollup and recomputation
/// both fold through it.
struct ConfusionTracker {
  static let resetGapMilliseconds: Int64 = 10_000
  static let onLevel = level(5000)
  static let offLevel = level(3500)
  static let onMilliseconds: Int64 = 4000
  static let resolvedLevel = level(5000)
  static let resolutionMilliseconds: Int64 = 120_000

  struct Episode: Equatable {
    /// Index of the frame it began with, as passed to `add`.
    let firstFrame: Int
    let startMilliseconds: Int64
    var endMilliseconds: Int64
    var resolved = false
  }

  private enum Phase {
    case calm
    case rising(firstFrame: Int, startMilliseconds: Int64)
    case confused(Episode)
  }

  private var phase = Phase.calm
  private var previousMilliseconds: Int64?
  private var confused: Int64 = 0
  private var settled: Int64 = 0
  /// Ended episodes; those from `unresolved` on may still be resolved.
  private var ended: [Episode] = []
  private var unresolved = 0

  /// A probability in ten-thousandths, as the fixed-point number that is smoothed.
  private static func level(_ tenThousandths: Int64) -> Int64 { tenThousandths << 16 }

  mutating func add(frame index: Int, milliseconds now: Int64, distribution: EmotionSums) {
    let confusedInput = Self.level(distribution[.confused])
    let settledInput = Self.level(distribution[.focused] + distribution[.curious])
    if let previous = previousMilliseconds, now - previous < Self.resetGapMilliseconds {
      let decay = ExponentialDecay.factor(milliseconds: now - previous)
      confused = Self.smooth(confused, towards: confusedInput, decay: decay)
      settled = Self.smooth(settled, towards: settledInput, decay: decay)
    } else {
      endEpisode()
      confused = confusedInput
      settled = settledInput
    }
    advance(index, now)
    resolve(now)
    previousMilliseconds = now
  }

  /// All episodes, in order of their ends, once the last frame was added.
  consuming func finish() -> [Episode] {
    endEpisode()
    return ended
  }

  private static func smooth(_ state: Int64, towards input: Int64, decay: Int64) -> Int64 {
    // |state − input| < 2^30 and decay ≤ 2^30: the product fits.
    input + (((state - input) * decay) >> Int64(ExponentialDecay.fractionBits))
  }

  private mutating func advance(_ index: Int, _ now: Int64) {
    if case .confused(var episode) = phase, confused < Self.offLevel {
      episode.endMilliseconds = now
      ended.append(episode)
      phase = .calm
    }
    switch phase {
    case .calm where confused >= Self.onLevel:
      phase = .rising(firstFrame: index, startMilliseconds: now)
    case .rising where confused < Self.onLevel:
      phase = .calm
    case .rising(let firstFrame, let start) where now - start >= Self.onMilliseconds:
      phase = .confused(Episode(firstFrame: firstFrame, startMilliseconds: start, endMilliseconds: now))
    default: break
    }
  }

  /// Ends a running episode at the last frame, which may itself resolve it.
  private mutating func endEpisode() {
    if case .confused(var episode) = phase, let last = previousMilliseconds {
      episode.endMilliseconds = last
      ended.append(episode)
      resolve(last)
    }
    phase = .calm
  }

  /// Marks ended episodes that the present smoothed focus and curiosity resolve, and forgets those too old.
  private mutating func resolve(_ now: Int64) {
    guard settled >= Self.resolvedLevel else { return }
    while unresolved < ended.count {
      ended[unresolved].resolved = now - ended[unresolved].endMilliseconds <= Self.resolutionMilliseconds
      unresolved += 1
    }
  }
}
