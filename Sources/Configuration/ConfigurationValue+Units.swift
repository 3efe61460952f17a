/// `500ms`, `30s`, `2m`, `1h30m`, `7d`; 0 needs no unit.
extension Duration: ConfigurationValue {
  private static let units: [(name: String, milliseconds: Int64)] = [
    ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
  ]

  package init?(configurationText text: String) {
    var rest = Substring(text)
    var total: Int64 = 0
    var smallest = Int64.max
    if rest == "0" { rest = "0s" }
    repeat {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      let unit = rest.dropFirst(digits.count).prefix { $0.isLetter }
      guard let number = Int64(digits), let factor = Self.units.first(where: { $0.name == unit })?.milliseconds,
        factor < smallest
      else { return nil }
      let product = number.multipliedReportingOverflow(by: factor)
      let sum = total.addingReportingOverflow(product.partialValue)
      guard !product.overflow, !sum.overflow else { return nil }
      (total, smallest, rest) = (sum.partialValue, factor, rest.dropFirst(digits.count + unit.count))
    } while !rest.isEmpty
    self = .milliseconds(total)
  }

  package var configurationText: String {
    var milliseconds = components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    var text = ""
    for (name, factor) in Self.units where milliseconds >= factor {
      text += "\(milliseconds / factor)\(name)"
      milliseconds %= factor
    }
    return text.isEmpty ? "0s" : text
  }

  package static var configurationExpectation: String { "a duration, like 500ms, 30s, 2m or 7d" }
}

/// A size in bytes: `512`, `64KiB`, `8MiB`, `1GiB`.
package struct ByteCount: ConfigurationValue, Equatable, Comparable {
  private static let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1)]

  package let bytes: Int

  package init(_ bytes: Int) { self.bytes = bytes }

  package init?(configurationText text: String) {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int(digits), let unit = Self.units.first(where: { $0.0 == text.dropFirst(digits.count) }) else {
      return nil
    }
    let (product, overflow) = number.multipliedReportingOverflow(by: unit.1)
    if overflow { return nil }
    bytes = product
  }

  package var configurationText: String {
    let unit = Self.units.first { bytes >= $0.1 && bytes % $0.1 == 0 } ?? ("", 1)
    return "\(bytes / unit.1)\(unit.0)"
  }

  package static var configurationExpectation: String { "a size, like 512, 64KiB, 8MiB or 1GiB" }
  package static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }
}

/// A path of a file or folder; `~/` at its start means the home folder when it is used.
package struct ConfigurationPath: ConfigurationValue, Equatable {
  package let path: String

  package init(_ path: String) { self.path = path }

  package init?(configurationText text: String) {
    guard !text.utf8.contains(0) else { return nil }
    path = text
  }

  package var configurationText: String { path }
  package static var configurationExpectation: String { "a path" }
}
