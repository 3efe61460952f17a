package import Vision

/// How pictures are decoded in processes of their own, and what those may cost.
package struct IsolationSettings: Sendable {
  /// The program whose `arguments` begin a decoder process: itself, also where its file was replaced since it started.
  package var executable: String
  /// How large files and pictures may be.
  package var limits: ImageLimits
  /// Processor time for one frame, after which its decoder is killed; see ``DecoderPatience`` for one that takes none.
  package var deadline: Duration
  /// Private memory a decoder may take beside what the program has when it starts, in bytes.
  package var memoryBytes: Int
  /// Whether a decoder that the kernel does not confine may decode.
  package var confinement: Confinement
  /// Starts that may follow one another at once, and the time after which another one is allowed.
  package var starts: (burst: Int, interval: Duration)

  package init(
    executable: String = "/proc/self/exe", limits: ImageLimits = ImageLimits(), deadline: Duration = .seconds(10),
    memoryBytes: Int = 768 << 20, confinement: Confinement = .required,
    starts: (burst: Int, interval: Duration) = (60, .seconds(1))
  ) {
    precondition(memoryBytes > 0 && starts.burst > 0 && starts.interval > .zero, "bounds are positive")
    self.executable = executable
    self.limits = limits
    self.deadline = deadline
    self.memoryBytes = memoryBytes
    self.confinement = confinement
    self.starts = starts
  }

  /// The first argument of a decoder process; in no help, since nobody but a worker starts one.
  package static let command = "decoder-process"

  var arguments: [String] {
    [Self.command] + [limits.maximumBytes, limits.maximumPixels, limits.maximumSide, memoryBytes].map { "\($0)" }
  }

  /// What is asked of the kernel's system call filter.
  package enum Confinement: String, Sendable, CaseIterable {
    /// Without it nothing is decoded.
    case required
    /// Without it a decoder is a process of its own and no more, which the log says once.
    case preferred
  }
}
