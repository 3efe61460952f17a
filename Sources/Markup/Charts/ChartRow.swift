/// A row of a chart, in the order given. One without a value keeps its place and says why.
package struct ChartRow<Value: Sendable>: Sendable {
  package var label: String
  /// Nil when it is not shown.
  package var value: Value?
  /// What stands in place of a missing value.
  package var note: String

  package init(label: String, value: Value?, note: String = "") {
    self.label = label
    self.value = value
    self.note = note
  }
}
