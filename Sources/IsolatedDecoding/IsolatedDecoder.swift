package import Processes
import Synchronization
package import Telemetry
package import Vision

/// Decodes pictures in processes of their own, so that a crash, a hang or a memory bomb in a native decoder costs one
/// frame and never the worker. Any thread, but calls block: there are as many processes as threads that decode at once.
///
/// - A process that dies, or takes more processor time than the deadline, or stands still, while it is at a frame: that
///   frame fails with `decoderFailed` and is not tried again. The next one gets a fresh process.
/// - One that is found dead or standing still before it took a frame up (killed by an operator, or for memory): the
///   frame goes to a fresh process.
/// - Starts are bounded. Beyond that, and while none succeeds, frames fail with `noDecoder`, which is to be tried
///   again: no frame is given up for want of a decoder.
package final class IsolatedDecoder: ImageDecoding {
  private enum Reason: String, CaseIterable {
    /// It ended while it was at a frame.
    case crash
    /// It took too long for a frame.
    case deadline
    /// It ended or stood still between frames.
    case idle
    /// It did not come up.
    case start
  }

  private struct State {
    var idle: [DecoderChild] = []
    var budget: StartBudget
    var shortage = DecoderShortage()
    var hasWarned = false
    var isAbandoned = false
  }

  private let settings: IsolationSettings
  private let prober: any ImageDecoding
  private let launcher: ProcessLauncher
  private let state: Mutex<State>
  private let lost: [Reason: Counter]
  private let waits: Counter
  private let logger: Logger

  /// Starts nothing yet.
  ///
  /// - Parameter prober: reads what a file declares; its `decodeGray` is never called.
  package init(
    _ settings: IsolationSettings, prober: any ImageDecoding, launcher: ProcessLauncher = ProcessLauncher(),
    registry: MetricsRegistry, logger: Logger
  ) {
    (self.settings, self.prober, self.launcher, self.logger) = (settings, prober, launcher, logger)
    state = Mutex(
      State(
        budget: StartBudget(burst: settings.starts.burst, interval: settings.starts.interval, now: .now)))
    lost = Dictionary(
      uniqueKeysWithValues: Reason.allCases.map { reason in
        let counter = registry.counter(
          "lectern_recognition_decoder_restarts_total", help: "Decoder processes that had to be replaced.",
          labels: ["reason": reason.rawValue])
        return (reason, counter)
      })
    waits = registry.counter(
      "lectern_recognition_decoder_waits_total", help: "Times a frame found no decoder and was tried again later.")
  }

  /// Why frames wait for a decoder, in words; nil while they do not. Safe to show.
  package var problem: String? { state.withLock { $0.shortage.problem(now: .now) } }

  /// Starts one process and ends it again: whether the kernel confines it, nil if it did not come up. Blocks.
  package static func trial(_ settings: IsolationSettings) throws(ProcessError) -> Bool? {
    try DecoderChild.start(settings, launcher: ProcessLauncher())?.isConfined
  }

  /// Ends every wait for a decoder, within a second, and lets none begin: those frames fail
  /// with `noDecoder`, and nothing is held against them. For a program that is about to end.
  package func abandon() { state.withLock { $0.isAbandoned = true } }

  private var isAbandoned: Bool { state.withLock(\.isAbandoned) }

  package func probe(_ bytes: UnsafeRawBufferPointer) throws(ImageError) -> ImageHeader { try prober.probe(bytes) }

  package func decodeGray(_ bytes: [UInt8]) throws(ImageError) -> GrayImage {
    let header = try probe(bytes)
    while true {
      guard !isAbandoned else { throw Self.abandoned }
      // Those that wait idle may all have been killed; each is tried once, and then a fresh one.
      let waiting = state.withLock { $0.idle.popLast() }
      let child: DecoderChild
      if let waiting { child = waiting } else { child = try start() }
      switch child.decode(bytes, declaring: header, within: settings.deadline, unless: { isAbandoned }) {
      case .picture(let picture):
        giveBack(child)
        return picture
      case .refused(let error):
        giveBack(child)
        throw error
      case .lost:
        note(.idle, "a decoder ended between frames")
        if waiting == nil { try wait("image decoders end as soon as they are started") }
      case .crashed(let status):
        note(.crash, "a decoder ended over a frame, which is rejected", status)
        throw ImageError(.decoderFailed, "the decoder crashed")
      case .late(let verdict):
        note(.deadline, "a decoder was too long at a frame, which is rejected")
        throw ImageError(.decoderFailed, problem(of: verdict))
      case .abandoned: throw Self.abandoned
      }
    }
  }

  private static let abandoned = ImageError(.noDecoder, "the program is about to end")

  private func problem(of verdict: DecoderPatience.Verdict) -> String {
    switch verdict {
    case .still: "the decoder stood still for \(settings.deadline)"
    case .old: "decoding took longer than \(settings.deadline * DecoderPatience.farBound)"
    case .spent, .wait: "decoding took more than \(settings.deadline) of processor time"
    }
  }

  private func giveBack(_ child: DecoderChild) {
    let isOver = state.withLock { state in
      state.idle.append(child)
      return state.shortage.decoded(now: .now)
    }
    if isOver { logger.info("frames no longer wait for a decoder") }
  }

  private func start() throws(ImageError) -> DecoderChild {
    guard state.withLock({ $0.budget.take(now: .now) }) else {
      try wait("image decoders end faster than they are started again")
    }
    let child: DecoderChild?
    do throws(ProcessError) {
      child = try DecoderChild.start(settings, launcher: launcher)
    } catch {
      lost[.start]?.increment()
      try wait("no image decoder can be started: \(error)")
    }
    guard let child else {
      lost[.start]?.increment()
      try wait("an image decoder was started and did not come up")
    }
    guard !child.isConfined else { return child }
    if settings.confinement == .required {
      try wait("the kernel offers no system call filter to confine image decoders")
    }
    warnOnce()
    return child
  }

  private func warnOnce() {
    let isFirst = state.withLock { state in
      defer { state.hasWarned = true }
      return !state.hasWarned
    }
    if isFirst {
      logger.warning("the kernel offers no system call filter: decoders are processes of their own, but not confined")
    }
  }

  /// Says once why frames wait, until none does.
  private func wait(_ problem: String) throws(ImageError) -> Never {
    waits.increment()
    if state.withLock({ $0.shortage.wait(problem, now: .now) }) {
      logger.error("frames wait for a decoder", metadata: ["problem": .string(problem)])
    }
    throw ImageError(.noDecoder, problem)
  }

  private func note(_ reason: Reason, _ message: StaticString, _ status: ExitStatus? = nil) {
    lost[reason]?.increment()
    logger.warning(message, metadata: ["ended": .string(status.map { "\($0)" } ?? "killed")])
  }
}
