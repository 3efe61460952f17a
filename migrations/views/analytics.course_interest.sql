CREATE VIEW analytics.course_interest AS
SELECT
  c.course_id, s.uri AS source, c.external_id AS course, c.title AS course_title,
  r.segment_id, g.external_id AS segment, g.title AS segment_title, g.ordinal, r.learners,
  rank() OVER (PARTITION BY c.course_id ORDER BY r.mean DESC) AS rank,
  round(r.mean::numeric / 100, 2) AS interest,
  round(r.median::numeric / 100, 2) AS median,
  round(r.lower_quartile::numeric / 100, 2) AS lower_quartile,
  round(r.upper_quartile::numeric / 100, 2) AS upper_quartile,
  round(r.interval_low::numeric / 100, 2) AS interval_low,
  round(r.interval_high::numeric / 100, 2) AS interval_high,
  ARRAY(
    SELECT o.segment_id FROM lectern.released_segment o
    WHERE o.course_id = r.course_id AND o.metric = 'interest' AND o.segment_id IS NOT NULL
      AND o.segment_id <> r.segment_id
      AND o.interval_low <= r.interval_high AND r.interval_low <= o.interval_high
    ORDER BY o.segment_id) AS overlapping_segments,
  r.weights_version, r.released_at
FROM lectern.released_segment r
JOIN lectern.course c USING (course_id)
JOIN lectern.source s USING (source_id)
JOIN lectern.segment g ON g.segment_id = r.segment_id
WHERE r.metric = 'interest';
COMMENT ON VIEW analytics.course_interest IS
  'Released segments of each course by interest: how much more curious or happy learners were than in the whole course, '
  'each their own baseline. In points of a hundred, so 0 is that learner''s usual.';
COMMENT ON COLUMN analytics.course_interest.rank IS '1 is the most interesting; equal means share a rank.';
COMMENT ON COLUMN analytics.course_interest.overlapping_segments IS
  'Segments whose 95 % interval overlaps this one''s: their order is not certain.';
GRANT SELECT ON analytics.course_interest TO lectern_analyst;
