import CLinux
import Dispatch
import Foundation
import Synchronization

/// One dedicated OS thread that runs the jobs of actors whose work blocks (C libraries, queries), in order.
///
///     actor Connection {
///       nonisolated let executor = ThreadExecutor(name: "postgres")
///       nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
///     }
///
/// The thread starts at once, sleeps while there is nothing to do, and ends after the last job once nobody owns the
/// executor. Nobody joins it, so the last reference may be dropped anywhere, also on the thread itself. All of
/// its signals are blocked: they belong to the service group.
package final class ThreadExecutor: SerialExecutor {
  /// What the thread and its owner share. The thread owns only this, so that the executor's life is its owners'.
  private final class Queue: Sendable {
    struct State {
      /// Those before `next` have been taken and are nil: a job that stayed here would keep its executor, and so this
      /// queue and the thread, for ever (as it does in an `ArraySlice` after `popFirst`).
      private var jobs: [(@Sendable () -> Void)?] = []
      private var next = 0
      var isClosed = false
      var thread: pthread_t?

      mutating func append(_ job: @escaping @Sendable () -> Void) { jobs.append(job) }

      mutating func popFirst() -> (@Sendable () -> Void)? {
        guard next < jobs.count else { return nil }
        let job = jobs[next]
        jobs[next] = nil
        next += 1
        // Amortised constant time, and no more memory than twice what waits.
        if next * 2 >= jobs.count {
          jobs.removeFirst(next)
          next = 0
        }
        return job
      }
    }

    let name: String
    let state = Mutex(State())
    /// Counts queued jobs, plus one for closing.
    let wake = DispatchSemaphore(value: 0)

    init(name: String) { self.name = name }

    func append(_ job: @escaping @Sendable () -> Void) {
      state.withLock { $0.append(job) }
      wake.signal()
    }

    func close() {
      state.withLock { $0.isClosed = true }
      wake.signal()
    }

    /// The body of the thread.
    func work() {
      lectern_name_thread(name)
      state.withLock { $0.thread = pthread_self() }
      while true {
        wake.wait()
        guard let job = state.withLock({ $0.popFirst() }) else {
          // Woken without a job: closed, and every job before that has run.
          return
        }
        job()
      }
    }
  }

  private let queue: Queue

  /// Starts the thread.
  ///
  /// - Parameters:
  ///   - name: as debuggers and `top -H` show it: the first 15 bytes count.
  ///   - stackSizeBytes: must suit what the C code called on it needs.
  package init(name: String, stackSizeBytes: Int = 4 << 20) {
    queue = Queue(name: name)
    Self.start(queue, stackSizeBytes: stackSizeBytes)
  }

  deinit { queue.close() }

  package func enqueue(_ job: consuming ExecutorJob) {
    let unowned = UnownedJob(job)
    // The job keeps the executor alive while it runs, whatever the job itself releases.
    queue.append { [self] in unowned.runSynchronously(on: asUnownedSerialExecutor()) }
  }

  /// Runs a closure on the thread, after everything enqueued before it. Cancellation does not interrupt it.
  package func run<Result: Sendable, Failure: Error>(
    _ body: @escaping @Sendable () throws(Failure) -> Result
  ) async throws(Failure) -> Result {
    let result: Swift.Result<Result, Failure> = await withCheckedContinuation { continuation in
      queue.append { continuation.resume(returning: Swift.Result(catching: body)) }
    }
    return try result.get()
  }

  /// Runs a closure on the thread some time later, after everything enqueued before it; nobody waits for it.
  package func submit(_ body: @escaping @Sendable () -> Void) { queue.append(body) }

  /// Puts the calling thread to sleep, for less than a second; never a cooperative one.
  package static func sleep(for duration: Duration) {
    usleep(UInt32(clamping: duration.components.attoseconds / 1_000_000_000_000))
  }

  /// True on the executor's own thread.
  package var isCurrentThread: Bool {
    guard let thread = queue.state.withLock(\.thread) else { return false }
    return pthread_equal(thread, pthread_self()) != 0
  }

  package func checkIsolated() {
    precondition(isCurrentThread, "must run on the thread \(queue.name)")
  }

  private static func start(_ queue: Queue, stackSizeBytes: Int) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, stackSizeBytes)
    // A new thread inherits the mask of its creator: block all signals around the creation.
    var all = sigset_t()
    var old = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &old)
    defer { pthread_sigmask(SIG_SETMASK, &old, nil) }
    var thread = pthread_t()
    let context = Unmanaged.passRetained(queue).toOpaque()
    let status = pthread_create(
      &thread, &attributes,
      { context in
        Unmanaged<Queue>.fromOpaque(context!).takeRetainedValue().work()
        return nil
      }, context)
    precondition(status == 0, "cannot start a thread: \(String(cString: strerror(status)))")
  }
}
