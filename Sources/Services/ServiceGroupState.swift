import Telemetry

/// The decisions of a service group: takes what happened, says what to do. No tasks, no clock.
struct ServiceGroupState {
  enum Event {
    case ended(Int, (any Error)?)
    case signal(Int32)
    case shutdown
    case cancelled
    case deadline
  }

  enum Action {
    /// Ask this service to end.
    case ask(Int)
    case cancelAll
    case startDeadline
    case log(LogLevel, StaticString, service: String?)
  }

  private enum Phase { case running, stopping, cancelling, finished }

  private let names: [String]
  private var alive: Set<Int>
  private var phase = Phase.running
  /// The service whose end is awaited before the next is asked.
  private var asked: Int?
  /// What the group throws.
  private(set) var error: (any Error)?

  init(names: [String]) {
    self.names = names
    alive = Set(names.indices)
    if names.isEmpty { phase = .finished }
  }

  var isFinished: Bool { phase == .finished }

  mutating func handle(_ event: Event) -> [Action] {
    var actions: [Action] = []
    switch (phase, event) {
    case (.finished, _): break
    case (.running, .signal): actions = stop(because: "a signal asks for shutdown")
    case (.running, .shutdown): actions = stop(because: "shutdown was asked for")
    case (.stopping, .signal): actions = cancel(because: "a second signal: cancelling what still runs")
    case (.stopping, .deadline):
      error = error ?? ServiceGroupError.deadlineExceeded(services: aliveNames)
      actions = cancel(because: "the shutdown deadline passed: cancelling what still runs")
    case (.running, .cancelled), (.stopping, .cancelled):
      error = error ?? CancellationError()
      actions = cancel(because: "cancelled")
    case (.cancelling, .deadline):
      error = ServiceGroupError.leftBehind(services: aliveNames)
      phase = .finished
    case (_, .ended(let index, let failure)): actions = ended(index, failure)
    case (.running, .deadline), (.stopping, .shutdown), (.cancelling, _): break
    }
    return actions
  }

  private mutating func ended(_ index: Int, _ failure: (any Error)?) -> [Action] {
    guard alive.remove(index) != nil else { return [] }
    var actions: [Action] = []
    // Once told to end, being cancelled is one way of ending.
    if let failure, phase == .running || !(failure is CancellationError) {
      error = error ?? failure
      actions.append(.log(.error, "a service failed", service: names[index]))
    } else {
      actions.append(.log(.debug, "a service ended", service: names[index]))
    }
    if alive.isEmpty {
      phase = .finished
    } else if phase == .running {
      actions += stop(because: "a service ended: stopping the others")
    } else if phase == .stopping, asked == index {
      actions += askNext()
    }
    return actions
  }

  private mutating func stop(because message: StaticString) -> [Action] {
    phase = .stopping
    return [.log(.info, message, service: nil), .startDeadline] + askNext()
  }

  private mutating func askNext() -> [Action] {
    asked = alive.max()
    return asked.map { [.ask($0)] } ?? []
  }

  private mutating func cancel(because message: StaticString) -> [Action] {
    phase = .cancelling
    return [.log(.warning, message, service: aliveNames.joined(separator: ",")), .startDeadline, .cancelAll]
  }

  private var aliveNames: [String] { alive.sorted().map { names[$0] } }
}

/// How a group can end badly although no service threw.
package enum ServiceGroupError: Error, Equatable, CustomStringConvertible {
  /// These services did not end in time and were cancelled.
  case deadlineExceeded(services: [String])
  /// These services ignored even cancellation; their tasks still run, so the process should exit.
  case leftBehind(services: [String])

  package var description: String {
    switch self {
    case .deadlineExceeded(let services):
      "these services did not end within the shutdown deadline and were cancelled: \(services.joined(separator: ", "))"
    case .leftBehind(let services):
      "these services ended neither in time nor when cancelled: \(services.joined(separator: ", "))"
    }
  }
}
