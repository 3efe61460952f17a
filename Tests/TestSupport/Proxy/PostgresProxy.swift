import Foundation
import Services
import Synchronization

/// A proxy on loopback in front of a PostgreSQL that reads the messages both ways, so that a test can cut a connection
/// at any message of a worker's `lectern.store`, hold it there, slow statements down, or be away.
///
/// Two threads of its own serve each connection, with one buffer of 64 KiB each; a message is forwarded as it comes.
/// Any thread may change what the proxy does. It understands connections without TLS only, which its `url` asks for.
package final class PostgresProxy: Sendable {
  private struct State {
    var trap: ProxyTrap?
    /// Traps that hold a connection, or did.
    var sprung: [ProxyTrap] = []
    var statementDelay: Duration = .zero
    var isRefusing = false
    var isClosed = false
    var links: [Int: ProxyLink] = [:]
    var nextLink = 0
    var counts = Counts()
  }

  /// What the proxy has seen, in all.
  package struct Counts: Sendable, Equatable {
    package var connections = 0
    /// Connections it turned away while it was told to refuse.
    package var refusals = 0
    /// Exchanges that ran `lectern.store`, by their answers.
    package var stores = 0
    /// Connections it cut.
    package var cuts = 0
    /// `FATAL` and `ERROR` answers by SQLSTATE.
    package var errors: [String: Int] = [:]
  }

  private let state = Mutex(State())
  private let listener: Int32
  private let upstream: PostgresAddress
  package let port: UInt16
  /// The database through the proxy, as a connection URI.
  package let url: String

  /// Starts it in front of the server of a connection URI.
  package init(to url: String) throws {
    upstream = try PostgresAddress(url: url)
    (listener, port) = try ProxySocket.listen()
    self.url = upstream.url(throughPort: port)
    let listener = listener
    ThreadExecutor(name: "proxy", stackSizeBytes: 512 << 10).submit { [weak self] in
      while true {
        let client = ProxySocket.accept(listener)
        guard client >= 0, let self else {
          if client >= 0 { close(client) }
          break
        }
        self.serve(client)
      }
      close(listener)
    }
  }

  deinit { stop() }

  /// Cuts every connection and takes no more.
  package func stop() {
    let links = state.withLock { state -> [ProxyLink]? in
      guard !state.isClosed else { return nil }
      state.isClosed = true
      for trap in state.sprung { trap.release(cutting: true) }
      state.trap = nil
      return Array(state.links.values)
    }
    guard let links else { return }
    for link in links { link.cut() }
    // Wakes the listening thread, which closes the socket.
    shutdown(listener, Int32(SHUT_RDWR))
  }

  package var counts: Counts { state.withLock(\.counts) }

  /// How many connections stand.
  package var connectionCount: Int { state.withLock(\.links.count) }

  /// Sets a trap for the next exchange that fits it, in place of one that is set.
  package func set(_ trap: ProxyTrap) {
    let old = state.withLock { state in
      defer { state.trap = trap }
      return state.trap
    }
    old?.release(cutting: false)
  }

  /// Takes a trap away, and cuts a connection that one holds.
  package func disarm() {
    let traps = state.withLock { state in
      defer { (state.trap, state.sprung) = (nil, []) }
      return state.sprung
    }
    for trap in traps { trap.release(cutting: true) }
  }

  /// Each statement reaches the server so much later.
  package func setStatementDelay(_ delay: Duration) { state.withLock { $0.statementDelay = delay } }

  /// Away: cuts what stands and ends whatever comes, until told to serve again.
  package func setRefusing(_ isRefusing: Bool) {
    state.withLock { $0.isRefusing = isRefusing }
    if isRefusing { cutAll() }
  }

  /// Cuts every connection that stands; returns how many.
  @discardableResult
  package func cutAll() -> Int {
    let links = state.withLock { state in
      state.counts.cuts += state.links.count
      return Array(state.links.values)
    }
    for link in links { link.cut() }
    return links.count
  }

  private func serve(_ client: Int32) {
    let refuses = state.withLock { state in
      if state.isRefusing || state.isClosed { state.counts.refusals += 1 }
      return state.isRefusing || state.isClosed
    }
    let server = refuses ? -1 : upstream.connect()
    guard server >= 0 else {
      close(client)
      return
    }
    let link = ProxyLink(client: client, server: server)
    let number = state.withLock { state in
      state.counts.connections += 1
      state.nextLink += 1
      state.links[state.nextLink] = link
      return state.nextLink
    }
    let exchange = ProxyExchange()
    for side in [ProxySide.frontend, .backend] {
      ThreadExecutor(name: "proxy-\(side)", stackSizeBytes: 512 << 10).submit { [weak self] in
        var relay = ProxyRelay(side: side, link: link, exchange: exchange, proxy: self)
        relay.run()
        link.cut()
        self?.forget(number)
      }
    }
  }

  private func forget(_ number: Int) { _ = state.withLock { $0.links.removeValue(forKey: number) } }

  // MARK: What relays ask, on their threads

  var statementDelay: Duration { state.withLock(\.statementDelay) }

  /// Takes the trap if it fits; it springs once.
  func trap(_ place: ProxyTrap.Place) -> ProxyTrap? {
    state.withLock { state in
      guard let trap = state.trap, trap.fits(place) else { return nil }
      state.trap = nil
      if trap.action == .cut { state.counts.cuts += 1 } else { state.sprung.append(trap) }
      return trap
    }
  }

  func countStore() { state.withLock { $0.counts.stores += 1 } }
  func countError(_ code: String) { state.withLock { $0.counts.errors[code, default: 0] += 1 } }
}
