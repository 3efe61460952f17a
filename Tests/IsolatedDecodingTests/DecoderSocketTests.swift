import Glibc
import IsolatedDecoding
import Testing

/// What the kernel says of the other end, on which it depends whether a frame is tried again.
@Suite struct DecoderSocketTests {
  /// One end, as a copyable thing that expectations can speak of.
  private final class End {
    private let socket: DecoderSocket

    init(_ descriptor: Int32) { socket = DecoderSocket(adopting: descriptor) }

    var isTaken: Bool { socket.isTaken }
    func send(_ message: [UInt8]) -> Bool { socket.send(message) }
    func waitForMessage() -> Bool { socket.waitForMessage() }
    func receive() -> DecoderSocket.Received { socket.receive(limitBytes: 8) }
    func receive(within limit: Duration) -> DecoderSocket.Received { socket.receive(limitBytes: 8, within: limit) }

    /// What is found of the other end, which is gone; nil if it is not.
    func hadTaken(within limit: Duration? = nil) -> Bool? {
      if case .closed(let hadTaken) = limit.map({ receive(within: $0) }) ?? receive() { hadTaken } else { nil }
    }
  }

  /// The worker's end, and the other one's bare descriptor.
  private static func pair() throws -> (End, Int32) {
    let (mine, theirs) = try #require(DecoderSocket.pair())
    return (End(mine), theirs)
  }

  @Test(arguments: [false, true]) func oneThatClosesWithTheMessageLeftTookNothing(waits: Bool) throws {
    let (socket, theirs) = try Self.pair()
    #expect(socket.send([1, 2, 3]))
    close(theirs)
    #expect(socket.hadTaken(within: waits ? .seconds(1) : nil) == false)
    #expect(!socket.send([1]))
  }

  @Test(arguments: [false, true]) func oneThatClosesBehindTheMessageTookIt(waits: Bool) throws {
    let (socket, theirs) = try Self.pair()
    #expect(socket.send([1, 2, 3]))
    var buffer = [UInt8](repeating: 0, count: 8)
    #expect(recv(theirs, &buffer, buffer.count, 0) == 3)
    close(theirs)
    #expect(socket.hadTaken(within: waits ? .seconds(1) : nil) == true)
  }

  /// A frame is at hand for whoever died in the middle of the one before; only what came last counts.
  @Test func theMessageThatCountsIsTheLast() throws {
    let (socket, theirs) = try Self.pair()
    #expect(socket.send([1]))
    var buffer = [UInt8](repeating: 0, count: 8)
    #expect(recv(theirs, &buffer, buffer.count, 0) == 1)
    #expect(socket.send([2]))
    close(theirs)
    #expect(socket.hadTaken() == false)
  }

  @Test func oneThatClosesAfterALookTookNothing() throws {
    let (socket, theirs) = try Self.pair()
    do {
      let other = End(theirs)
      #expect(socket.send([1, 2, 3]))
      #expect(other.waitForMessage())
    }
    #expect(socket.hadTaken() == false)
    #expect(socket.waitForMessage() == false)
  }

  @Test func whatLiesThereIsNotTaken() throws {
    let (socket, theirs) = try Self.pair()
    let other = End(theirs)
    #expect(socket.isTaken)
    #expect(socket.send([1, 2, 3]))
    #expect(!socket.isTaken)
    guard case .late = socket.receive(within: .milliseconds(20)) else {
      Issue.record("nobody answered")
      return
    }
    #expect(!socket.isTaken)
    // To see that it is there is no taking.
    #expect(other.waitForMessage())
    #expect(!socket.isTaken)
    guard case .message([1, 2, 3]) = other.receive() else {
      Issue.record("the message did not come through")
      return
    }
    #expect(socket.isTaken)
  }
}
