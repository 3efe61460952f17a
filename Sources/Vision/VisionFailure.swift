/// What the library behind a detector or describer failed with.
package protocol VisionFailure: Error {
  /// Whether the process lacks something, memory or a data file, that the picture has nothing to do with: the same call
  /// may succeed later.
  var isOfProcess: Bool { get }
  /// Safe to log: it never quotes a picture or says whose it is.
  var description: String { get }
}
