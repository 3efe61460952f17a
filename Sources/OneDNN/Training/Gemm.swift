internal import COneDNN

/// Products of small row-major matrices through oneDNN, on the calling stream's OpenMP threads.
enum Gemm {
  /// y = x·Wᵀ + b for the rows of x: `x` `[rows, input]`, `weight` `[output, input]`, `bias` `[output]`,
  /// `y` `[rows, output]`.
  static func forward(
    _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>,
    into y: UnsafeMutablePointer<Float>, rows: Int, input: Int, output: Int
  ) throws(OneDNNError) {
    for row in 0..<rows { (y + row * output).update(from: bias, count: output) }
    try run(
      "N", "T", rows, output, input, x, input, weight, input, beta: 1, y, output)
  }

  /// dx = dy·W.
  static func inputGradient(
    _ dy: UnsafePointer<Float>, weight: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>, rows: Int,
    input: Int, output: Int
  ) throws(OneDNNError) {
    try run("N", "N", rows, input, output, dy, output, weight, input, beta: 0, dx, input)
  }

  /// dW = dyᵀ·x.
  static func weightGradient(
    _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, into dweight: UnsafeMutablePointer<Float>, rows: Int,
    input: Int, output: Int
  ) throws(OneDNNError) {
    try run("T", "N", output, input, rows, dy, output, x, input, beta: 0, dweight, input)
  }

  /// db = the sum of dy's rows.
  static func biasGradient(
    _ dy: UnsafePointer<Float>, into dbias: UnsafeMutablePointer<Float>, rows: Int, output: Int
  ) {
    for column in 0..<output {
      var total = 0.0
      for row in 0..<rows { total += Double(dy[row * output + column]) }
      dbias[column] = Float(total)
    }
  }

  private static func run(
    _ transposeA: Unicode.Scalar, _ transposeB: Unicode.Scalar, _ m: Int, _ n: Int, _ k: Int,
    _ a: UnsafePointer<Float>, _ lda: Int, _ b: UnsafePointer<Float>, _ ldb: Int, beta: Float,
    _ c: UnsafeMutablePointer<Float>, _ ldc: Int
  ) throws(OneDNNError) {
    let status = dnnl_sgemm(
      CChar(transposeA.value), CChar(transposeB.value), Int64(m), Int64(n), Int64(k), 1, a, Int64(lda), b, Int64(ldb),
      beta, c, Int64(ldc))
    try check(status, "multiplying matrices")
  }
}
