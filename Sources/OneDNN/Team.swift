internal import COneDNN

/// The OpenMP threads of one stream: those that run its primitives also run our own kernels, so that a stream never has
/// more threads than it was given. Used on the stream's own thread only.
struct Team {
  let threads: Int

  /// Calls `body` for 0 ..< `count`, spread over the team in contiguous runs, and returns when all have ended. Each
  /// number's work must be independent of the others'; then the result does not depend on the number of threads.
  func forEach(_ count: Int, _ body: (Int) -> Void) {
    guard threads > 1, count > 1 else {
      for index in 0..<count { body(index) }
      return
    }
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: Work(count: count, body: body)) { work in
        GOMP_parallel(
          { context in
            let work = context!.assumingMemoryBound(to: Work.self)
            let (thread, threads) = (Int(omp_get_thread_num()), Int(omp_get_num_threads()))
            let count = work.pointee.count
            for index in count * thread / threads..<count * (thread + 1) / threads { work.pointee.body(index) }
          }, UnsafeMutableRawPointer(mutating: work), UInt32(threads), 0)
      }
    }
  }

  private struct Work {
    let count: Int
    let body: (Int) -> Void
  }
}
