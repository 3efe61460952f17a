/// How many frames are given to recognition at a time: few enough that a worker soon notices that it should stop, many
/// enough that handing over costs nothing beside the work.
package struct RecognitionPace {
  /// Frames of the next chunk.
  package private(set) var chunk: Int

  private let first: Int
  /// No longer than this: what a chunk has finished waits for its slowest frame, which may be a decoder's deadline
  /// late.
  private static let longest = 64
  /// A chunk is doubled if it took less than this.
  private static let short = Duration.milliseconds(5)

  package init(first: Int) { (self.first, chunk) = (first, first) }

  /// Takes note of how long a chunk of the present size took.
  package mutating func adapt(to time: Duration) {
    chunk = time < Self.short ? min(chunk * 2, max(first, Self.longest)) : first
  }
}
