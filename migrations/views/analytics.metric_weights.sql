CREATE VIEW analytics.metric_weights AS SELECT * FROM lectern.metric_weights;
COMMENT ON VIEW analytics.metric_weights IS
  'The weights of each version of the metrics; figures name the version they were made with.';
GRANT SELECT ON analytics.metric_weights TO lectern_analyst, lectern_researcher;
