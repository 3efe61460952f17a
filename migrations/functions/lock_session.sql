-- Whoever declares a session and whoever opens it do so one after the other, by a lock on its name: else a session could
-- open and be computed beside a declaration that is not committed yet, and nothing would dirty it again. Of few keys,
-- because a batch of declarations holds one each until it ends; the course locks come after these.
CREATE FUNCTION lectern.lock_session(p_source integer, p_session text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
  SELECT pg_advisory_xact_lock(4, (hashtextextended(p_session, p_source) & 255)::integer)
$$;
