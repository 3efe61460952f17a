CREATE VIEW analytics.emotion_timeline AS
SELECT
  c.course_id, s.uri AS source, c.external_id AS course, r.segment_id, g.external_id AS segment, g.ordinal, r.minute,
  min(r.learners) FILTER (WHERE r.metric = 'concentration') AS learners,
  round(max(r.mean) FILTER (WHERE r.metric = 'concentration')::numeric / 100, 2) AS concentration,
  round(max(r.mean) FILTER (WHERE r.metric = 'engagement')::numeric / 100, 2) AS engagement,
  round(max(r.mean) FILTER (WHERE r.metric = 'focused')::numeric / 10000, 4) AS focused,
  round(max(r.mean) FILTER (WHERE r.metric = 'distracted')::numeric / 10000, 4) AS distracted,
  round(max(r.mean) FILTER (WHERE r.metric = 'curious')::numeric / 10000, 4) AS curious,
  round(max(r.mean) FILTER (WHERE r.metric = 'confused')::numeric / 10000, 4) AS confused,
  round(max(r.mean) FILTER (WHERE r.metric = 'tired')::numeric / 10000, 4) AS tired,
  round(max(r.mean) FILTER (WHERE r.metric = 'happy')::numeric / 10000, 4) AS happy,
  max(r.released_at) AS released_at
FROM lectern.released_minute r
JOIN lectern.course c USING (course_id)
JOIN lectern.source s USING (source_id)
JOIN lectern.segment g ON g.segment_id = r.segment_id
GROUP BY c.course_id, s.uri, r.segment_id, g.segment_id, r.minute;
COMMENT ON VIEW analytics.emotion_timeline IS
  'One row for each released minute of each released segment, counted from the segment''s start: means over learners.';
GRANT SELECT ON analytics.emotion_timeline TO lectern_analyst;
