import CPostgres
import Synchronization

/// The one owner of a `PGconn`. Used by one thread at a time (libpq's rule for a connection).
struct ConnectionHandle: ~Copyable {
  let pointer: OpaquePointer
  init(adopting pointer: OpaquePointer) { self.pointer = pointer }
  deinit { PQfinish(pointer) }

  var backendProcessID: Int32 { PQbackendPID(pointer) }
}

/// The one owner of a `PGcancel`.
///
/// `@unchecked Sendable`: `PQcancel` may be called "in a thread that is separate from the one manipulating the PGconn
/// object" (libpq, Canceling Queries in Progress).
struct CancelHandle: ~Copyable, @unchecked Sendable {
  let pointer: OpaquePointer
  init?(for connection: OpaquePointer) {
    guard let pointer = PQgetCancel(connection) else { return nil }
    self.pointer = pointer
  }
  deinit { PQfreeCancel(pointer) }
}

/// Asks the server to cancel what a connection is doing; may be used from any thread.
final class Canceller: Sendable {
  private let handle = Mutex<CancelHandle?>(nil)

  func set(_ new: consuming sending CancelHandle?) {
    var new = new
    handle.withLock { swap(&$0, &new) }
  }

  /// Sends the request over a connection of its own and waits for it to be taken, not for its effect.
  func cancel() {
    handle.withLock { handle in
      guard let pointer = handle?.pointer else { return }
      withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
        _ = PQcancel(pointer, buffer.baseAddress, 256)
      }
    }
  }
}

/// Collects the messages of notices, what the server says beside a result, from libpq's callback; keeps the newest
/// hundred. They hold no bound value unless a function of the schema put one there.
final class NoticeBox: Sendable {
  private let notices = Mutex<[String]>([])

  func append(_ notice: String) {
    notices.withLock {
      if $0.count == 100 { $0.removeFirst() }
      $0.append(notice)
    }
  }

  func take() -> [String] {
    notices.withLock { notices in
      defer { notices = [] }
      return notices
    }
  }

  /// Makes libpq report to this box, which must outlive the connection.
  func attach(to connection: OpaquePointer) {
    let receiver: PQnoticeReceiver = { context, result in
      guard let context, let result else { return }
      let message = PQresultErrorField(result, Int32(UInt8(ascii: "M"))).map { String(cString: $0) } ?? ""
      Unmanaged<NoticeBox>.fromOpaque(context).takeUnretainedValue().append(message)
    }
    PQsetNoticeReceiver(connection, receiver, Unmanaged.passUnretained(self).toOpaque())
  }
}
