CREATE VIEW analytics.segment_overview AS
SELECT
  c.course_id, s.uri AS source, c.external_id AS course, c.title AS course_title,
  r.segment_id, g.external_id AS segment, g.title AS segment_title, g.ordinal,
  min(r.learners) FILTER (WHERE r.metric = 'concentration') AS learners,
  round(max(r.mean) FILTER (WHERE r.metric = 'coverage')::numeric / 10000, 4) AS coverage,
  round(max(r.mean) FILTER (WHERE r.metric = 'concentration')::numeric / 100, 2) AS concentration,
  round(max(r.mean) FILTER (WHERE r.metric = 'concentration_low')::numeric / 100, 2) AS concentration_low,
  round(max(r.mean) FILTER (WHERE r.metric = 'concentration_high')::numeric / 100, 2) AS concentration_high,
  round(max(r.interval_low) FILTER (WHERE r.metric = 'concentration')::numeric / 100, 2) AS concentration_interval_low,
  round(max(r.interval_high) FILTER (WHERE r.metric = 'concentration')::numeric / 100, 2) AS concentration_interval_high,
  round(max(r.mean) FILTER (WHERE r.metric = 'engagement')::numeric / 100, 2) AS engagement,
  round(max(r.interval_low) FILTER (WHERE r.metric = 'engagement')::numeric / 100, 2) AS engagement_interval_low,
  round(max(r.interval_high) FILTER (WHERE r.metric = 'engagement')::numeric / 100, 2) AS engagement_interval_high,
  round(max(r.mean) FILTER (WHERE r.metric = 'on_task')::numeric / 10000, 4) AS on_task,
  round(max(r.mean) FILTER (WHERE r.metric = 'focused')::numeric / 10000, 4) AS focused,
  round(max(r.mean) FILTER (WHERE r.metric = 'distracted')::numeric / 10000, 4) AS distracted,
  round(max(r.mean) FILTER (WHERE r.metric = 'curious')::numeric / 10000, 4) AS curious,
  round(max(r.mean) FILTER (WHERE r.metric = 'confused')::numeric / 10000, 4) AS confused,
  round(max(r.mean) FILTER (WHERE r.metric = 'tired')::numeric / 10000, 4) AS tired,
  round(max(r.mean) FILTER (WHERE r.metric = 'happy')::numeric / 10000, 4) AS happy,
  round(max(r.mean) FILTER (WHERE r.metric = 'confusion_episodes')::numeric / 10000, 4) AS confusion_episodes,
  max(r.weights_version) AS weights_version,
  max(r.released_at) AS released_at
FROM lectern.released_segment r
JOIN lectern.course c USING (course_id)
JOIN lectern.source s USING (source_id)
LEFT JOIN lectern.segment g ON g.segment_id = r.segment_id
GROUP BY c.course_id, s.uri, r.segment_id, g.segment_id;
COMMENT ON VIEW analytics.segment_overview IS
  'One row for each released segment of each course: means over learners. Segments with fewer learners than the cohort '
  'minimum are not here. A null segment holds the frames outside any segment.';
COMMENT ON COLUMN analytics.segment_overview.learners IS 'Learners with enough coverage, rounded down to a multiple of five.';
COMMENT ON COLUMN analytics.segment_overview.coverage IS 'Classified time over expected time, 0 to 1, over all learners seen.';
COMMENT ON COLUMN analytics.segment_overview.concentration IS '0 to 100, see analytics.metric_weights.';
COMMENT ON COLUMN analytics.segment_overview.concentration_low IS 'Concentration if confusion counted 0.33.';
COMMENT ON COLUMN analytics.segment_overview.concentration_high IS 'Concentration if confusion counted 0.67.';
COMMENT ON COLUMN analytics.segment_overview.concentration_interval_low IS '95 % bootstrap interval of the mean, by learner.';
COMMENT ON COLUMN analytics.segment_overview.engagement IS '0 to 100, 50 is neutral; confusion is neutral.';
COMMENT ON COLUMN analytics.segment_overview.on_task IS 'Share of time focused, curious or confused.';
COMMENT ON COLUMN analytics.segment_overview.focused IS 'Time-weighted mean probability, 0 to 1; so are the other five.';
COMMENT ON COLUMN analytics.segment_overview.confusion_episodes IS 'Episodes a learner, on average.';
GRANT SELECT ON analytics.segment_overview TO lectern_analyst;
