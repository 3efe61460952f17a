package import LearningEvents
package import PostgresIO

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

/// The registered model bundles.
package struct ModelRepository: Sendable {
  private let connection: PostgresConnection

  package init(connection: PostgresConnection) { self.connection = connection }

  /// The models that measured stored samples of a course, by bundle id; for reports, which must say what measured them.
  package func models(ofCourse courseID: Int64) async throws(PostgresError) -> [ModelDescription] {
    let rows = try await connection.query(
      """
      SELECT m.hash, m.labels, m.trained, m.calibration, m.evaluation FROM lectern.model m
      WHERE m.model_id IN (SELECT e.model_id FROM lectern.emotion_sample e WHERE e.course_id = $1) ORDER BY m.hash
      """, [.int8(courseID)])
    return try models(rows)
  }

  /// A model by its bundle's id.
  package func model(id: ModelID) async throws(PostgresError) -> ModelDescription? {
    let rows = try await connection.query(
      "SELECT hash, labels, trained, calibration, evaluation FROM lectern.model WHERE hash = $1", [.id(id)])
    return try models(rows).first
  }

  private func models(_ rows: PostgresResult) throws(PostgresError) -> [ModelDescription] {
    var models: [ModelDescription] = []
    for row in rows {
      models.append(
        ModelDescription(
          id: try row.decode("hash"), labels: try row.decode("labels"), isTrained: try row.decode("trained"),
          calibrationJSON: try row.decode("calibration"), evaluationJSON: try row.decode("evaluation")))
    }
    return models
  }
}
