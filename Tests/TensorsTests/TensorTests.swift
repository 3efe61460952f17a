import Tensors
import Testing

@Suite struct TensorTests {
  @Test func `owned memory is aligned and a copy is independent once written`() {
    let original = Tensor<Float>([2, 3], [0, 1, 2, 3, 4, 5])
    var copy = original
    copy[4] = 40
    #expect(original.elements == [0, 1, 2, 3, 4, 5])
    #expect(copy.elements == [0, 1, 2, 3, 40, 5])
    original.withUnsafeBufferPointer { #expect(UInt(bitPattern: $0.baseAddress) % 64 == 0) }
    copy.withUnsafeBufferPointer { #expect(UInt(bitPattern: $0.baseAddress) % 64 == 0) }
  }

  @Test func `a borrowing tensor reads in place, keeps its owner and copies before it is written`() {
    final class Owner: Sendable {
      nonisolated(unsafe) let base = UnsafeMutablePointer<Float>.allocate(capacity: 4)
      init() { base.initialize(repeating: 7, count: 4) }
      deinit { base.deallocate() }
    }
    weak var watched: Owner?
    do {
      var owner: Owner? = Owner()
      watched = owner
      let base = UnsafePointer(owner!.base)
      var tensor = Tensor(borrowing: base, [4], owner: owner!)
      owner = nil
      #expect(watched != nil)
      tensor.withUnsafeBufferPointer { #expect($0.baseAddress == base) }
      tensor[0] = 8
      #expect(tensor.elements == [8, 7, 7, 7])
      #expect(watched == nil)
    }
  }

  @Test func `conversion keeps the type's own tensor and rounds to nearest otherwise`() {
    let double = Tensor<Double>([2], [0.1, 1e300])
    #expect(double.converted(to: Float.self).elements == [Float(0.1), .infinity])
    let float = Tensor<Float>([1], [0.1])
    #expect(float.converted(to: Double.self).elements == [Double(Float(0.1))])
    let same: Tensor<Float> = float.converted()
    let addresses = (same.withUnsafeBufferPointer { $0.baseAddress }, float.withUnsafeBufferPointer { $0.baseAddress })
    #expect(addresses.0 == addresses.1)
  }

  @Test func `shapes refuse what overflows or is negative`() throws {
    #expect(throws: ShapeError.negativeExtent(-1)) { try Shape(validating: [3, -1]) }
    #expect(throws: ShapeError.tooLarge([1 << 40, 1 << 40])) { try Shape(validating: [1 << 40, 1 << 40]) }
    #expect(throws: ShapeError.tooLarge([Int.max])) { try Shape(validating: [Int.max]) }
    #expect(throws: ShapeError.tooManyAxes(9)) { try Shape(validating: Array(repeating: 1, count: 9)) }
    // A zero hides no overflow before it.
    #expect(throws: ShapeError.tooLarge([1 << 40, 1 << 40, 0])) { try Shape(validating: [1 << 40, 1 << 40, 0]) }
    #expect(try Shape(validating: []).count == 1)
    #expect(try Shape(validating: [5, 0, 7]).count == 0)
  }
}
