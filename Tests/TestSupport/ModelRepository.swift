package import LearningEvents
package import Persistence
package import PostgresIO

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
