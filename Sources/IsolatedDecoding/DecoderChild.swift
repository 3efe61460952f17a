import Glibc
import Processes
import Vision

/// A running decoder process, seen from the worker. Used by one thread at a time; dropping it ends the process.
///
/// Nothing it says is trusted: a picture has the size that the file declares, pixels are copied out once, texts must be
/// printable. Whether it took a frame up is asked of the kernel: a frame that could deny that would be tried for ever.
final class DecoderChild: @unchecked Sendable {
  enum Outcome {
    case picture(GrayImage)
    /// It is well, the file is not.
    case refused(ImageError)
    /// It ended, or stood still, before it took the frame up.
    case lost
    /// It ended over the frame.
    case crashed(ExitStatus?)
    /// It was still at the frame when its time was over, for the reason given.
    case late(DecoderPatience.Verdict)
    /// Nobody waits for the frame any more.
    case abandoned
  }

  private let process: ChildProcess
  private let memory: DecoderMemory
  private let socket: DecoderSocket
  private var sequence: UInt32 = 0
  /// Whether the kernel keeps it from everything but decoding.
  let isConfined: Bool

  /// Starts one and waits until it can decode; the program has to be loaded for that, so it takes tens of milliseconds.
  /// Nil if it did not come up.
  static func start(_ settings: IsolationSettings, launcher: ProcessLauncher) throws(ProcessError) -> DecoderChild? {
    func refused(_ call: String) -> ProcessError {
      .system(call: call, errno: errno, executable: settings.executable)
    }
    guard let (memory, descriptor) = DecoderMemory.make(limits: settings.limits) else { throw refused("memfd_create") }
    defer { close(descriptor) }
    guard let (mine, theirs) = DecoderSocket.pair() else { throw refused("socketpair") }
    let socket = DecoderSocket(adopting: mine)
    // Nothing of the worker's environment: it holds secrets. Crashes are ours to report, not the runtime's.
    var environment: [String: String?] = ["SWIFT_BACKTRACE": "enable=no", "MALLOC_ARENA_MAX": "1"]
    if let path = getenv("LD_LIBRARY_PATH") { environment["LD_LIBRARY_PATH"] = String(cString: path) }
    let command = ChildCommand(
      settings.executable, settings.arguments, environment: environment, inheritsEnvironment: false,
      diesWithParent: false, name: "lectern-decoder")
    let launched = Result { () throws(ProcessError) in
      try launcher.launchHelper(command, descriptors: [theirs, descriptor])
    }
    // Before the wait: the end of a child is seen by the end of its socket, once nobody else holds that.
    close(theirs)
    let process = try launched.get()
    guard case .message(let bytes) = socket.receive(limitBytes: DecoderAnswer.byteCount, within: .seconds(10)),
      case .ready(let isConfined)? = DecoderAnswer(bytes)?.content
    else {
      process.send(SIGKILL)
      return nil
    }
    return DecoderChild(process: process, memory: memory, socket: socket, isConfined: isConfined)
  }

  private init(process: ChildProcess, memory: DecoderMemory, socket: consuming DecoderSocket, isConfined: Bool) {
    (self.process, self.memory, self.isConfined) = (process, memory, isConfined)
    self.socket = socket
  }

  // It may be in the middle of something; a thread of its own reaps it.
  deinit { process.send(SIGKILL) }

  /// Decodes one file within the limits. After anything but a picture or a refusal this child is done with.
  ///
  /// - Parameters:
  ///   - header: what the file declares.
  ///   - limit: of processor time.
  ///   - isAbandoned: asked now and then: whether to wait no longer.
  func decode(
    _ file: [UInt8], declaring header: ImageHeader, within limit: Duration, unless isAbandoned: () -> Bool
  ) -> Outcome {
    sequence &+= 1
    memory.put(file: file)
    var patience = DecoderPatience(limit, processorTime: process.processorTime)
    guard socket.send(DecoderRequest(sequence: sequence, fileBytes: UInt32(file.count)).bytes) else { return .lost }
    // Half a second is soon enough for whoever waits no longer.
    let parts = max(1, Int(patience.slice / .milliseconds(500)))
    while true {
      let received = socket.receive(
        limitBytes: DecoderAnswer.byteCount, within: patience.slice, slices: parts, unless: isAbandoned)
      switch received {
      case .closed(let hadTaken): return hadTaken ? .crashed(end()) : .lost
      case .late:
        if isAbandoned() { return .abandoned }
        let verdict = patience.wait(processorTime: process.processorTime)
        // One that stands still shows by not even taking the frame up; no frame waits the whole time for it.
        if patience.isTimeToAsk, !socket.isTaken { return .lost }
        if verdict != .wait { return .late(verdict) }
      case .message(let bytes):
        defer { memory.clear(fileBytes: file.count, pixels: header.width * header.height) }
        return outcome(of: bytes, declaring: header)
      }
    }
  }

  private func outcome(of bytes: [UInt8], declaring header: ImageHeader) -> Outcome {
    guard let answer = DecoderAnswer(bytes), answer.sequence == sequence else { return .crashed(nil) }
    switch answer.content {
    case .ready: return .crashed(nil)
    case .refused(let error): return .refused(error)
    case .picture(let width, let height):
      guard (width, height) == (header.width, header.height) else { return .crashed(nil) }
      return .picture(memory.picture(width: width, height: height))
    }
  }

  /// How it ended, for the log; it is about to.
  private func end() -> ExitStatus? {
    for _ in 0..<200 {
      if let status = process.exitStatus { return status }
      usleep(1000)
    }
    return nil
  }
}
