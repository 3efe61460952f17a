/// How many frames are given to recognition at a time: few enough that a worker soon notices that it should stop, many
/// enough that handing over costs nothing beside the work.
struct RecognitionPace {
  /// Frames of the next chunk.
  private(set) var chunk: Int

  private static let longest = 1024
  /// A chunk is doubled if it took less than this.
  private static let short = Duration.milliseconds(10)

  init(first: Int) { chunk = first }

  /// Takes note of how long a chunk of the present size took.
  mutating func adapt(to time: Duration) {
    if time < Self.short { chunk = min(chunk * 2, max(chunk, Self.longest)) }
  }
}
