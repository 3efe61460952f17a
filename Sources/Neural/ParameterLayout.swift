package import Tensors

/// Where each tensor lies in one flat buffer: first those that training changes by gradient, then the running
/// statistics. Buffers of gradients and of an optimizer's moments hold the first part alone, at the same places.
package struct ParameterLayout: Sendable, Equatable {
  /// One tensor's place.
  package struct View: Sendable, Equatable {
    package let parameter: Parameter
    /// Numbers of the buffer; as many as the shape has.
    package let range: Range<Int>

    package var name: String { parameter.name }
    package var shape: Shape { parameter.shape }
  }

  /// In the buffer's order.
  package let views: [View]

  /// The numbers of the first part, and of all; gaps between views included, which hold 0.
  package let trainableCount: Int
  package let count: Int

  private let indices: [String: Int]

  /// Every view begins at a multiple of this many numbers: a cache line of fp32.
  package static let alignment = 16

  /// Traps on a repeated name.
  package init(_ parameters: [Parameter]) {
    var views: [View] = []
    var end = 0
    func place(_ parameter: Parameter) {
      views.append(View(parameter: parameter, range: end..<end + parameter.shape.count))
      end = (end + parameter.shape.count + Self.alignment - 1) / Self.alignment * Self.alignment
    }
    for parameter in parameters where parameter.isTrainable { place(parameter) }
    trainableCount = end
    for parameter in parameters where !parameter.isTrainable { place(parameter) }
    self.views = views
    count = end
    indices = Dictionary(uniqueKeysWithValues: views.enumerated().map { ($1.name, $0) })
  }

  /// The place of a tensor, nil where there is none of that name.
  package subscript(name: String) -> View? { indices[name].map { views[$0] } }

  /// Those that have gradients.
  package var trainable: ArraySlice<View> { views.prefix { $0.parameter.isTrainable } }
}
