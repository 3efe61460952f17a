/// The quotient rounded to the nearest integer, halves away from zero: 5/2 → 3, −5/2 → −3.
///
/// The one rounding of every stored ratio. 128 bits, because the interest of a learner multiplies two sums of a
/// course. The denominator must be positive and the quotient must fit in 64 bits; both are invariants of the callers.
package func roundedHalfAwayFromZero(_ numerator: Int128, over denominator: Int128) -> Int64 {
  precondition(denominator > 0, "a ratio needs a positive denominator")
  let magnitude = (numerator.magnitude * 2 + denominator.magnitude) / (denominator.magnitude * 2)
  return numerator < 0 ? -Int64(magnitude) : Int64(magnitude)
}
