import Neural
import Tensors
import Testing

@Suite struct HashNormalTests {
  @Test func `numbers are standard normal in mean, deviation and range, and differ by stream and seed`() {
    let a = HashNormal(seed: 1, stream: "a").tensor([100_000], deviation: 2).elements.map(Double.init)
    let mean = a.reduce(0, +) / Double(a.count)
    let deviation = (a.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(a.count)).squareRoot()
    #expect(abs(mean) < 0.02)
    #expect(abs(deviation - 2) < 0.02)
    #expect(a.map(abs).max()! < 2 * 3.4642)
    let other = HashNormal(seed: 1, stream: "b").tensor([4], deviation: 2)
    let reseeded = HashNormal(seed: 2, stream: "a").tensor([4], deviation: 2)
    #expect(other.elements.map(Double.init) != Array(a.prefix(4)))
    #expect(reseeded.elements.map(Double.init) != Array(a.prefix(4)))
  }

  @Test func `positions are all in order where there are no more than asked for, else hashed`() {
    let generator = HashNormal(seed: 1, stream: "a")
    #expect(generator.positions(6, below: 6) == [0, 1, 2, 3, 4, 5])
    #expect(generator.positions(4096, below: 6) == [0, 1, 2, 3, 4, 5])
    let hashed = generator.positions(512, below: 513)
    #expect(hashed.count == 512 && hashed.allSatisfy { (0..<513).contains($0) })
    #expect(hashed != Array(0..<512) && Set(hashed).count > 256)
  }
}
