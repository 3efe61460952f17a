/// The extents of a tensor, outermost axis first, such as `[N, C, H, W]`.
///
/// A shape holds 0 to 8 axes of 0 or more elements each, and the number of elements always fits an address
/// (`count * 8 <= Int.max`), so that no offset computed from it can overflow.
package struct Shape: Hashable, Sendable {
  /// The extents, outermost first.
  package let dimensions: [Int]

  /// The number of elements: the product of the extents, 1 for a scalar.
  package let count: Int

  /// The most axes a shape may have. Everything here needs four; eight leaves room for imported files.
  package static let maximumRank = 8

  /// Checks extents that come from outside (a file, a model description).
  package init(validating dimensions: [Int]) throws(ShapeError) {
    guard dimensions.count <= Self.maximumRank else { throw .tooManyAxes(dimensions.count) }
    var count = 1
    for extent in dimensions {
      guard extent >= 0 else { throw .negativeExtent(extent) }
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      // Eight bytes is the widest element, so byte offsets stay representable too.
      guard !overflow, product <= Int.max / 8 else { throw .tooLarge(dimensions) }
      count = product
    }
    self.dimensions = dimensions
    self.count = count
  }

  /// A shape known to the program; traps if it is no valid shape.
  package init(_ dimensions: [Int]) {
    do {
      try self.init(validating: dimensions)
    } catch {
      preconditionFailure("\(error)")
    }
  }

  package var rank: Int { dimensions.count }

  /// The extent of one axis.
  package subscript(axis: Int) -> Int { dimensions[axis] }
}

extension Shape: ExpressibleByArrayLiteral {
  package init(arrayLiteral elements: Int...) { self.init(elements) }
}

extension Shape: CustomStringConvertible {
  package var description: String { "[" + dimensions.map(String.init).joined(separator: ", ") + "]" }
}

/// Why a list of extents is no shape.
package enum ShapeError: Error, Hashable, CustomStringConvertible {
  case negativeExtent(Int)
  case tooManyAxes(Int)
  case tooLarge([Int])

  package var description: String {
    switch self {
    case .negativeExtent(let extent): "a tensor axis cannot have \(extent) elements"
    case .tooManyAxes(let count): "a tensor of \(count) axes; at most \(Shape.maximumRank) are supported"
    case .tooLarge(let dimensions): "a tensor of \(Shape.text(dimensions)) elements does not fit the address space"
    }
  }
}

extension Shape {
  fileprivate static func text(_ dimensions: [Int]) -> String { dimensions.map(String.init).joined(separator: "×") }
}
