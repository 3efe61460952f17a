-- Makes declaring and opening a session take turns, by a lock on its name that lasts until the transaction ends.
-- Otherwise a session could open and be computed beside a declaration that is not committed yet, and nothing would
-- dirty it again.
--
-- Of 256 keys only, because a batch of declarations holds one for each; in the order of the keys, so that two batches
-- that share some cannot wait for each other in a circle. Courses are locked after sessions.
CREATE FUNCTION lectern.lock_sessions(p_source integer[], p_session text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM FROM lectern.turn t
  WHERE t.class = 'session' AND t.key = ANY (
    ARRAY(SELECT (hashtextextended(s.session, s.source) & 255)::integer
          FROM unnest(p_source, p_session) AS s (source, session)))
  ORDER BY t.key FOR UPDATE;
END
$$;
