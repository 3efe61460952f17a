import Cryptography
import Files
import Foundation
import PlainText
import StableHashing

/// Who of a data set is in which part, in one or more rounds: a file of `splits/`.
///
/// `splits/NAME.json` says how it was made; `splits/NAME.csv` has a row for each face and a column for each round.
package struct DatasetSplit: Sendable, Hashable {
  package enum Part: String, Sendable, Hashable, CaseIterable {
    case train, validation, test
  }

  package enum Method: Sendable, Hashable {
    /// Parts of these shares, people kept apart, labels spread alike.
    case subjects(validation: Double, test: Double)
    /// As many rounds as folds: each fold is the test part once, the next one validates, people kept apart.
    case folds(Int)
    /// The paper's experiment (section 3.4, Table 3): rounds of random pictures, four fifths to train, one to test, the
    /// same people in both. What is measured so leaks.
    case paperProtocol(rounds: Int)
  }

  /// Lower-case letters, digits and hyphens.
  package let name: String
  package let method: Method
  package let seed: UInt64
  /// Of the set that it divides.
  package let fingerprint: String
  /// For each round the part of each face, in the set's order.
  package let rounds: [[Part]]

  /// Whether a person may be in more than one part of a round, so that a model may know its test people.
  package let leaks: Bool

  /// The places of a part's faces in the set.
  package func places(of part: Part, round: Int) -> [Int] {
    rounds[round].indices.filter { rounds[round][$0] == part }
  }
}

// MARK: Dividing

extension DatasetSplit {
  /// Divides a set. The same set, method and seed give the same parts on every machine.
  ///
  /// - Throws: where a label has too few pictures or people to be in every part.
  package init(_ set: Dataset, name: String, method: Method, seed: UInt64) throws(DatasetError) {
    guard Self.isName(name) else {
      throw DatasetError("a split is named by 1 to 64 lower-case letters, digits and hyphens")
    }
    (self.name, self.method, self.seed, fingerprint) = (name, method, seed, set.fingerprint)
    switch method {
    case .subjects(let validation, let test):
      guard validation > 0, test > 0, validation + test < 1 else {
        throw DatasetError("the shares of validation and test are above 0 and leave something to train on")
      }
      let parts = try Self.bySubject(set, shares: [1 - validation - test, validation, test], seed: seed)
      rounds = [parts.map { Part.allCases[$0] }]
      leaks = set.manifest.subjects == .unknown
    case .folds(let count):
      guard (3...20).contains(count) else { throw DatasetError("a set is divided into 3 to 20 folds") }
      let folds = try Self.bySubject(set, shares: [Double](repeating: 1 / Double(count), count: count), seed: seed)
      rounds = (0..<count).map { round in
        folds.map { $0 == round ? .test : $0 == (round + 1) % count ? .validation : .train }
      }
      leaks = set.manifest.subjects == .unknown
    case .paperProtocol(let count):
      guard (1...100).contains(count) else { throw DatasetError("the paper's protocol has 1 to 100 rounds") }
      rounds = try (0..<count).map { (round) throws(DatasetError) in
        try Self.random(set, seed: SplitMix64.mix(seed &+ UInt64(round)))
      }
      leaks = true
    }
  }

  /// A part for each face, all faces of a person in one.
  ///
  /// People are taken one by one, those with most pictures first, and each goes where the labels are then closest to
  /// their shares: the sum over parts and labels of (count − wanted)²/wanted grows least.
  private static func bySubject(_ set: Dataset, shares: [Double], seed: UInt64) throws(DatasetError) -> [Int] {
    let labels = set.manifest.labels
    let people = Dictionary(grouping: set.faces.indices) { set.faces[$0].subject }
    try requireEnough(set, parts: shares.count)
    var order = people.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    shuffle(&order, seed: seed)
    order = order.enumerated().sorted { a, b in
      let (first, second) = (people[a.element]!.count, people[b.element]!.count)
      return first == second ? a.offset < b.offset : first > second
    }.map(\.element)

    let totals = set.labelCounts
    var counts = [[Double]](repeating: [Double](repeating: 0, count: labels.count), count: shares.count)
    var parts = [Int](repeating: 0, count: set.faces.count)
    for person in order {
      let own = people[person]!.reduce(into: [Double](repeating: 0, count: labels.count)) {
        $0[set.faces[$1].label] += 1
      }
      func cost(_ part: Int) -> Double {
        labels.indices.reduce(0) { sum, label in
          let wanted = shares[part] * Double(max(totals[label], 1))
          return sum + own[label] * (2 * (counts[part][label] - wanted) + own[label]) / wanted
        }
      }
      let costs = shares.indices.map(cost)
      let best = shares.indices.min { costs[$0] < costs[$1] }!
      for label in labels.indices { counts[best][label] += own[label] }
      for place in people[person]! { parts[place] = best }
    }
    for (label, name) in labels.enumerated() where totals[label] > 0 {
      for part in shares.indices where counts[part][label] == 0 {
        throw DatasetError(
          "no \(name.shown) would be in one of the \(shares.count) parts: its pictures are of too few people; use "
            + "fewer folds, larger shares or another seed")
      }
    }
    return parts
  }

  /// A fifth of each label's pictures to test, the others to train.
  private static func random(_ set: Dataset, seed: UInt64) throws(DatasetError) -> [Part] {
    try requireEnough(set, parts: 2)
    var parts = [Part](repeating: .train, count: set.faces.count)
    for label in set.manifest.labels.indices {
      var places = set.faces.indices.filter { set.faces[$0].label == label }
      shuffle(&places, seed: SplitMix64.mix(seed ^ UInt64(label)))
      for place in places.prefix(max(1, (places.count + 2) / 5)) { parts[place] = .test }
    }
    return parts
  }

  private static func requireEnough(_ set: Dataset, parts: Int) throws(DatasetError) {
    for (label, name) in set.manifest.labels.enumerated() {
      let people = Set(set.faces.lazy.filter { $0.label == label }.map(\.subject)).count
      guard people >= parts else {
        throw DatasetError(
          "\(name.shown) has pictures of \(people) \(people == 1 ? "person" : "people"): \(parts) parts need at least "
            + "\(parts)")
      }
    }
  }

  /// Fisher and Yates: every order is as likely as any other.
  private static func shuffle<Element>(_ elements: inout [Element], seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for index in elements.indices.dropFirst().reversed() {
      elements.swapAt(index, Int(random.next().multipliedFullWidth(by: UInt64(index + 1)).high))
    }
  }

  private static func isName(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { $0 == 0x2D || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
  }
}

// MARK: Files

extension DatasetSplit {
  private struct Header: Codable {
    var format_version = 1
    var method: String
    var shares: [Double]?
    var rounds: Int
    var seed: UInt64
    var leaks: Bool
    var data_set_fingerprint: String
    var parts_sha256: String
  }

  /// Writes the split into its set's folder, where none of the name may be.
  package func save(in set: Dataset) throws {
    let (json, csv) = (path(".json", in: set), path(".csv", in: set))
    guard case .unreadable(.unreadable(ENOENT))? = FolderWalk(json).findings.first?.content else {
      throw DatasetError("the set has a split named \(name): name another")
    }
    var table = CSVText(["image"] + rounds.indices.map { "round\($0 + 1)" })
    for (place, face) in set.faces.enumerated() { table.append([face.image] + rounds.map { $0[place].rawValue }) }
    let bytes = Array(table.text.utf8)
    let header = Header(
      method: method.name, shares: method.shares, rounds: rounds.count, seed: seed, leaks: leaks,
      data_set_fingerprint: fingerprint, parts_sha256: Hex.encode(SHA256.hash(bytes)))
    // The table first: a split is there once its JSON is.
    try OutputFile.write(bytes, to: csv, .ownerOnly)
    try OutputFile.write(try DatasetJSON.encode(header), to: json, .ownerOnly)
  }

  /// Reads a split and judges it: it must be of this set and, where it says so, keep people apart.
  package static func open(_ name: String, of set: Dataset) throws(DatasetError) -> DatasetSplit {
    guard isName(name) else { throw DatasetError("\(name.shown) is not the name of a split") }
    let file = "splits/\(name).json"
    let json = try Dataset.bytes(of: file, in: set.folder, limit: 1 << 20)
    let header = try DatasetJSON.decode(Header.self, version: 1, from: json, file: file)
    let csv = try Dataset.bytes(of: "splits/\(name).csv", in: set.folder, limit: 1 << 30)
    guard header.data_set_fingerprint == set.fingerprint, Hex.encode(SHA256.hash(csv)) == header.parts_sha256 else {
      throw DatasetError("the split \(name) was made of another data set, or was edited: split the set again")
    }
    guard let method = Method(header.method, shares: header.shares, rounds: header.rounds),
      (1...100).contains(header.rounds)
    else { throw DatasetError("\(file) is not of the expected form") }
    let columns = ["image"] + (0..<header.rounds).map { "round\($0 + 1)" }
    let rows = try DatasetTables.rows(csv, columns, file: "splits/\(name).csv")
    guard rows.map({ $0.fields[0] }) == set.faces.map(\.image) else {
      throw DatasetError("splits/\(name).csv has other images than the set")
    }
    let rounds = try (0..<header.rounds).map { (round) throws(DatasetError) in
      try rows.map { (row) throws(DatasetError) in
        guard let part = Part(rawValue: row.fields[round + 1]) else {
          throw DatasetError("splits/\(name).csv, line \(row.line): no part of a split")
        }
        return part
      }
    }
    let split = DatasetSplit(
      name: name, method: method, seed: header.seed, fingerprint: header.data_set_fingerprint, rounds: rounds,
      leaks: header.leaks)
    guard split.leaks || !split.dividesAPerson(of: set) else {
      throw DatasetError("the split \(name) has a person in two parts: split the set again")
    }
    return split
  }

  /// Whether somebody is in two parts of a round.
  package func dividesAPerson(of set: Dataset) -> Bool {
    rounds.contains { parts in
      var part: [String: Part] = [:]
      return set.faces.indices.contains { place in
        let person = set.faces[place].subject
        defer { part[person] = parts[place] }
        return part[person].map { $0 != parts[place] } ?? false
      }
    }
  }

  private func path(_ suffix: String, in set: Dataset) -> FilePath {
    set.folder.appending(Array("splits/\(name)\(suffix)".utf8))
  }
}

extension DatasetSplit.Method {
  fileprivate var name: String {
    switch self {
    case .subjects: "subjects"
    case .folds: "folds"
    case .paperProtocol: "paper-protocol"
    }
  }

  /// Of validation and test, where they were given.
  fileprivate var shares: [Double]? {
    if case .subjects(let validation, let test) = self { [validation, test] } else { nil }
  }

  fileprivate init?(_ name: String, shares: [Double]?, rounds: Int) {
    switch (name, shares) {
    case ("subjects", let shares?) where shares.count == 2 && rounds == 1:
      self = .subjects(validation: shares[0], test: shares[1])
    case ("folds", nil): self = .folds(rounds)
    case ("paper-protocol", nil): self = .paperProtocol(rounds: rounds)
    default: return nil
    }
  }
}
