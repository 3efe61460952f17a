-- Takes every lock that these control events need, before the first of them is applied: the LMSs' rows, then the names
-- of sessions, then courses, each in one order. A lock that an event took when its turn came would follow one of a
-- later class that an event before it took, and two batches that share a course and a session would wait for each other
-- for ever.
--
-- The names are locked before courses are looked up, because a session cannot open meanwhile then. A course that
-- another batch adds while this one begins is locked when its event is applied: the one case that may still end in
-- 40P01.
CREATE FUNCTION lectern.lock_batch(p_events jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
  PERFORM lectern.source_key(s.uri)
  FROM (
    SELECT DISTINCT e ->> 'source' AS uri FROM jsonb_array_elements(p_events) AS e
    WHERE e ->> 'type' IN ('org.lectern.course.v1', 'org.lectern.session.v1') ORDER BY 1) s;
  PERFORM lectern.lock_sessions(array_agg(s.source_id), array_agg(e -> 'data' ->> 'id'))
  FROM jsonb_array_elements(p_events) AS e JOIN lectern.source s ON s.uri = e ->> 'source'
  WHERE e ->> 'type' = 'org.lectern.session.v1';
  PERFORM lectern.lock_courses(array_agg(c.course_id))
  FROM (
    SELECT c.course_id
    FROM jsonb_array_elements(p_events) AS e
    JOIN lectern.source s ON s.uri = e ->> 'source'
    JOIN lectern.course c ON c.source_id = s.source_id AND c.external_id = e -> 'data' ->> 'id'
    WHERE e ->> 'type' = 'org.lectern.course.v1'
    UNION ALL
    SELECT n.course_id
    FROM jsonb_array_elements(p_events) AS e
    JOIN lectern.source s ON s.uri = e ->> 'source'
    JOIN lectern.session n ON n.source_id = s.source_id AND n.external_id = e -> 'data' ->> 'id'
    WHERE e ->> 'type' = 'org.lectern.session.v1') c;
END
$$;
