import Files
import Foundation
import Testing
import Training

@Suite struct DatasetSplitTests {
  @Test func peopleAreKeptApartAndLabelsSpread() throws {
    let bench = try DatasetBench()
    let set = try bench.set("a", DatasetBench.rows(people: 20, perLabel: 2))
    let split = try DatasetSplit(set, name: "s", method: .subjects(validation: 0.2, test: 0.2), seed: 1)
    #expect(!split.leaks && !split.dividesAPerson(of: set))
    for part in DatasetSplit.Part.allCases {
      let places = split.places(of: part, round: 0)
      let counts = places.reduce(into: [Int](repeating: 0, count: 6)) { $0[set.faces[$1].label] += 1 }
      #expect(counts == [Int](repeating: part == .train ? 24 : 8, count: 6), "\(part)")
    }
    let again = try DatasetSplit(set, name: "s", method: .subjects(validation: 0.2, test: 0.2), seed: 1)
    let other = try DatasetSplit(set, name: "s", method: .subjects(validation: 0.2, test: 0.2), seed: 2)
    #expect(again == split && other.rounds != split.rounds)
  }

  /// People with one label each, in very different numbers: still near the shares.
  @Test func sharesAreMetAsNearlyAsPeopleAllow() throws {
    let bench = try DatasetBench()
    var rows: [(label: Int, subject: String)] = []
    for person in 0..<120 {
      rows += [(label: Int, subject: String)](repeating: (person % 6, "p\(person)"), count: 1 + person / 20)
    }
    let set = try bench.set("a", rows)
    let split = try DatasetSplit(set, name: "s", method: .subjects(validation: 0.15, test: 0.15), seed: 7)
    #expect(!split.dividesAPerson(of: set))
    for label in 0..<6 {
      let test = split.places(of: .test, round: 0).count { set.faces[$0].label == label }
      let share = Double(test) / Double(set.labelCounts[label])
      #expect(abs(share - 0.15) < 0.06, "label \(label): \(share)")
    }
  }

  @Test func eachFaceTestsInOneFold() throws {
    let bench = try DatasetBench()
    let set = try bench.set("a", DatasetBench.rows(people: 11))
    let split = try DatasetSplit(set, name: "f", method: .folds(5), seed: 3)
    #expect(split.rounds.count == 5 && !split.dividesAPerson(of: set))
    for place in set.faces.indices {
      #expect(split.rounds.count { $0[place] == .test } == 1 && split.rounds.count { $0[place] == .validation } == 1)
    }
  }

  @Test func thePapersProtocolIsMarked() throws {
    let bench = try DatasetBench()
    let set = try bench.set("a", DatasetBench.rows(people: 10, perLabel: 2))
    let split = try DatasetSplit(set, name: "paper", method: .paperProtocol(rounds: 10), seed: 3)
    #expect(split.leaks && split.dividesAPerson(of: set) && split.rounds.count == 10 && Set(split.rounds).count == 10)
    for round in 0..<10 {
      #expect(split.places(of: .test, round: round).count == 24 && split.places(of: .validation, round: round) == [])
    }
  }

  @Test func aSetWithoutPeopleLeaks() throws {
    let bench = try DatasetBench()
    let set = try bench.set("a", DatasetBench.rows(people: 10), subjects: .unknown)
    #expect(try DatasetSplit(set, name: "s", method: .folds(3), seed: 1).leaks)
  }

  @Test func tooFewPeopleAreSaid() async throws {
    let bench = try DatasetBench()
    let set = try bench.set("a", DatasetBench.rows(people: 4) + [(0, "person-9")])
    for (method, message) in [
      (DatasetSplit.Method.folds(5), "distracted has pictures of 4 people: 5 parts need at least 5"),
      (.folds(2), "3 to 20 folds"), (.subjects(validation: 0.5, test: 0.5), "leave something to train on"),
    ] {
      let said = await bench.message { _ = try DatasetSplit(set, name: "s", method: method, seed: 1) }
      #expect(said.contains(message), "\(said)")
    }
    let missing = try bench.set("b", [(0, "anna"), (0, "bea"), (0, "cora")])
    let said = await bench.message { _ = try DatasetSplit(missing, name: "s", method: .folds(3), seed: 1) }
    #expect(said.contains("distracted has pictures of 0 people"))
    #expect(
      await bench.message { _ = try DatasetSplit(set, name: "../s", method: .folds(3), seed: 1) }.contains("named"))
  }

  @Test func aSplitIsReadBackAndNeverReplaced() async throws {
    let bench = try DatasetBench()
    let set = try bench.set("a", DatasetBench.rows(people: 9))
    for (name, method) in [
      ("s", DatasetSplit.Method.subjects(validation: 0.25, test: 0.25)), ("f", .folds(3)),
      ("paper", .paperProtocol(rounds: 2)),
    ] {
      let split = try DatasetSplit(set, name: name, method: method, seed: 5)
      try split.save(in: set)
      #expect(try DatasetSplit.open(name, of: set) == split)
      #expect(await bench.message { try split.save(in: set) }.contains("has a split named \(name)"))
    }
    #expect(try set.splitNames() == ["f", "paper", "s"])
  }

  @Test func aSplitOfAnotherSetAndOneThatDividesAPersonAreRefused() async throws {
    let bench = try DatasetBench()
    let set = try bench.set("a", DatasetBench.rows(people: 9))
    let split = try DatasetSplit(set, name: "s", method: .folds(3), seed: 5)
    try split.save(in: set)
    let other = try bench.set("b", DatasetBench.rows(people: 8))
    try split.save(in: other)
    #expect(await bench.message { _ = try DatasetSplit.open("s", of: other) }.contains("made of another data set"))
    let table = try bench.text(of: "a/splits/s.csv")
    let line = try #require(table.split(separator: "\r\n").first { $0.contains(",test,") })
    try bench.replace(String(line), by: String(line).replacing(",test,", with: ",train,"), in: "a/splits/s.csv")
    #expect(await bench.message { _ = try DatasetSplit.open("s", of: set) }.contains("or was edited"))
    // Edited with its hash, it is still no split by people.
    try bench.rehash(split: "s", of: "a")
    #expect(await bench.message { _ = try DatasetSplit.open("s", of: set) }.contains("a person in two parts"))
  }
}

extension DatasetBench {
  /// Writes the present hash of a split's table into its header.
  fileprivate func rehash(split: String, of set: String) throws {
    let hash = try #require(try text(of: "\(set)/splits/\(split).json").firstMatch(of: #/[0-9a-f]{64}",?\s*"rounds/#))
    let old = String(hash.output.prefix(64))
    try replace(old, by: digest(of: "\(set)/splits/\(split).csv"), in: "\(set)/splits/\(split).json")
  }
}
