-- A learner is known by a consent, a session or a tombstone: everything else of one hangs on a session. An LMS is known
-- by the courses and sessions that it announced.
CREATE FUNCTION lectern.find_learner(
  p_source text, p_learner uuid, OUT learner_is_known boolean, OUT source_is_known boolean, OUT known_sources text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT
    EXISTS (SELECT FROM lectern.consent c WHERE c.learner = p_learner)
      OR EXISTS (SELECT FROM lectern.session n WHERE n.learner = p_learner)
      OR EXISTS (SELECT FROM lectern.erasure e WHERE e.learner = p_learner),
    EXISTS (SELECT FROM lectern.source s WHERE s.uri = p_source),
    ARRAY(SELECT s.uri FROM lectern.source s ORDER BY s.source_id LIMIT 10)
$$;
COMMENT ON FUNCTION lectern.find_learner IS
  'Whether anything was ever said or stored of a learner, and whether the LMS ever announced a course or session; up to '
  'ten LMSs that did.';
GRANT EXECUTE ON FUNCTION lectern.find_learner TO lectern_ingest, lectern_aggregator;
