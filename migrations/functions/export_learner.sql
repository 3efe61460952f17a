-- Rows are exported whole, under the names that their tables and columns have, so that a new column is in the export
-- without a change here; that each table with a learner in it is, a test asks. Courses and models are there because the
-- rows refer to them, without the teachers, who are other people.
CREATE FUNCTION lectern.export_learner(p_learner uuid, p_by text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_export text;
BEGIN
  PERFORM lectern.audit('learner.export', p_by, '{}');
  WITH own AS MATERIALIZED (
    SELECT * FROM lectern.session n WHERE n.learner = p_learner
  ), sample AS MATERIALIZED (
    SELECT e.* FROM own o
    JOIN lectern.emotion_sample e ON e.session_day = o.session_day AND e.session_id = o.session_id
  ), tombstone AS (
    SELECT * FROM lectern.erasure e WHERE e.learner = p_learner
  )
  SELECT json_build_object(
    'learner', p_learner,
    'tables', json_build_object(
      'consent', (SELECT json_agg(c ORDER BY c.scope) FROM lectern.consent c WHERE c.learner = p_learner),
      'erasure', (SELECT json_agg(t ORDER BY t.erasure_id) FROM tombstone t),
      'source', (SELECT json_agg(s ORDER BY s.source_id) FROM lectern.source s
                 WHERE s.source_id IN (SELECT o.source_id FROM own o)),
      'course', (SELECT json_agg(json_build_object('course_id', c.course_id, 'source_id', c.source_id,
                   'external_id', c.external_id, 'title', c.title) ORDER BY c.course_id)
                 FROM lectern.course c WHERE c.course_id IN (SELECT o.course_id FROM own o)),
      'session', (SELECT json_agg(o ORDER BY o.session_id) FROM own o),
      'session_declaration', (SELECT json_agg(d ORDER BY o.session_id) FROM own o
                              JOIN lectern.session_declaration d USING (source_id, external_id)),
      'interval_mismatch', (SELECT json_agg(i ORDER BY i.session_id) FROM own o
                            JOIN lectern.interval_mismatch i USING (session_id)),
      'model', (SELECT json_agg(json_build_object('model_id', m.model_id, 'hash', m.hash, 'trained', m.trained)
                  ORDER BY m.model_id)
                FROM lectern.model m WHERE m.model_id IN (SELECT s.model_id FROM sample s)),
      'emotion_sample', (SELECT json_agg(s ORDER BY s.session_id, s.captured_at, s.seq) FROM sample s),
      'session_segment_sum', (SELECT json_agg(s) FROM lectern.session_segment_sum s WHERE s.learner = p_learner),
      'session_minute_sum', (SELECT json_agg(s) FROM own o
                             JOIN lectern.session_minute_sum s USING (course_id, session_day, session_id)),
      'learner_segment_metric', (SELECT json_agg(m) FROM lectern.learner_segment_metric m WHERE m.learner = p_learner),
      'release_contribution', (SELECT json_agg(r) FROM lectern.release_contribution r WHERE r.learner = p_learner)),
    'audit', (SELECT json_agg(a ORDER BY a.entry_id) FROM audit.entry a
              WHERE EXISTS (SELECT FROM tombstone t
                            WHERE a.detail -> 'erasure' = to_jsonb(t.erasure_id)
                              OR a.detail -> 'erasures' @> to_jsonb(t.erasure_id))))::text
  INTO v_export;
  RETURN v_export;
END
$$;
COMMENT ON FUNCTION lectern.export_learner IS
  'Everything that is stored of one learner, as JSON: an array of rows for each table, null where there are none, and '
  'the lines of the audit log about their erasures. Leaves such a line itself.';
GRANT EXECUTE ON FUNCTION lectern.export_learner TO lectern_aggregator;
