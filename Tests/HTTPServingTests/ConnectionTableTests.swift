import HTTPServing
import Testing

/// Which connection goes, and when, without sockets and clocks.
@Suite struct ConnectionTableTests {
  static let limits = ConnectionTable.Limits(connections: 3, receiving: .seconds(10), sending: .seconds(60))
  let start = ContinuousClock.now

  func at(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

  /// Sockets 1, 2 and 3, opened a second apart.
  func full() -> ConnectionTable {
    var table = ConnectionTable(limits: Self.limits)
    for socket in 1...3 { #expect(table.open(Int32(socket), at: at(socket)) == nil) }
    return table
  }

  @Test func theOldestIdleConnectionMakesRoom() {
    var table = full()
    #expect(table.open(4, at: at(4)) == 1)
    // What ends is not told to end again, and a place that it still holds costs nobody else's.
    #expect(table.open(5, at: at(5)) == 2)
    table.close(1)
    table.close(2)
    #expect(table.count == 3)
    table.close(3)
    #expect(table.open(3, at: at(6)) == nil)
    #expect(table.open(6, at: at(7)) == 4)
  }

  @Test func anAnswerMakesAConnectionYoungAgain() {
    var table = full()
    table.enter(.handling, 1, at: at(4))
    table.enter(.sending, 1, at: at(5))
    table.enter(.receiving, 1, at: at(6))
    #expect(table.open(4, at: at(7)) == 2)
  }

  @Test func whoeverIsServedStaysBeforeWhoeverIsNot() {
    var table = full()
    table.enter(.handling, 1, at: at(4))
    table.enter(.sending, 2, at: at(4))
    #expect(table.open(4, at: at(5)) == 3)
    table.enter(.handling, 4, at: at(6))
    // Nobody is idle: of two that take their answer, whoever does so for longest.
    table.enter(.sending, 1, at: at(6))
    #expect(table.open(5, at: at(7)) == 2)
    table.enter(.handling, 1, at: at(8))
    table.enter(.handling, 5, at: at(8))
    #expect(table.open(6, at: at(9)) == nil)
  }

  @Test func aNewConnectionIsNeverTheOneThatGoes() {
    var table = ConnectionTable(limits: .init(connections: 1, receiving: .seconds(10), sending: .seconds(60)))
    #expect(table.open(1, at: at(0)) == nil)
    table.enter(.handling, 1, at: at(0))
    #expect(table.open(2, at: at(0)) == nil)
    #expect(table.open(3, at: at(0)) == 2)
  }

  /// As many as the library takes, all of them served: nobody else is let in until some have gone.
  func overfull() -> ConnectionTable {
    var table = ConnectionTable(limits: Self.limits)
    for socket in 1...5 {
      #expect(table.open(Int32(socket), at: at(socket)) == nil)
      table.enter(.handling, Int32(socket), at: at(socket))
    }
    return table
  }

  @Test func whoeverIsServedBeyondTheLimitGoesThen() {
    var table = overfull()
    #expect((1...5).map { table.enter(.receiving, $0, at: at(6)) } == [1, 2, nil, nil, nil])
    table.close(1)
    table.close(2)
    #expect(table.open(6, at: at(7)) == 3)
  }

  @Test func whoeverWaitsLongestGoesBeforeWhoeverWasJustServed() {
    var table = overfull()
    table.enter(.sending, 1, at: at(6))
    table.enter(.sending, 2, at: at(7))
    #expect(table.expire(at: at(8)) == [1, 2])
    #expect(table.enter(.receiving, 3, at: at(8)) == nil)
    #expect(table.open(6, at: at(9)) == 3)
  }

  @Test func aRequestHasItsTimeAsAWhole() {
    var table = full()
    #expect(table.expire(at: at(10)).isEmpty)
    #expect(table.expire(at: at(11)) == [1])
    #expect(table.expire(at: at(11)).isEmpty)
    table.enter(.handling, 2, at: at(11))
    #expect(table.expire(at: at(13)) == [3])
    #expect(table.expire(at: at(1000)).isEmpty)
    table.enter(.sending, 2, at: at(1000))
    #expect(table.expire(at: at(1059)).isEmpty)
    #expect(table.expire(at: at(1060)) == [2])
  }

  @Test func whatEndsDoesNotComeBack() {
    var table = full()
    #expect(table.expire(at: at(11)) == [1])
    table.enter(.receiving, 1, at: at(12))
    #expect(table.expire(at: at(12)) == [2])
    #expect(table.count == 3)
  }
}
