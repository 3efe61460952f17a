package import LearningEvents
import PostgresIO

/// A model bundle as the database records it.
package struct ModelDescription: Sendable, Equatable {
  /// SHA-256 of the bundle in hex: the model id everywhere outside the database.
  package var id: ModelID
  /// The six labels in their order.
  package var labels: [String]
  /// False for a seeded bundle whose numbers say nothing about emotions.
  package var isTrained: Bool
  /// JSON objects.
  package var calibrationJSON: String
  package var evaluationJSON: String

  package init(
    id: ModelID, labels: [String], isTrained: Bool, calibrationJSON: String = "{}", evaluationJSON: String = "{}"
  ) {
    (self.id, self.labels, self.isTrained) = (id, labels, isTrained)
    (self.calibrationJSON, self.evaluationJSON) = (calibrationJSON, evaluationJSON)
  }

  var parameters: [PostgresParameter] {
    [.id(id), .texts(labels), .bool(isTrained), .json(calibrationJSON), .json(evaluationJSON)]
  }
}
