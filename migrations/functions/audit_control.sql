-- The audit log's line of control events that came by hand, and of revocations that came through a log. No learner is
-- named: `p_erasures` stand for those whose samples are deleted.
CREATE FUNCTION lectern.audit_control(
  p_ledger integer, p_next bigint, p_by text, p_events jsonb, p_superseded bigint, p_revoked bigint, p_erasures bigint[])
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
  WITH kind AS (
    SELECT CASE e ->> 'type'
        WHEN 'org.lectern.course.v1' THEN 'courses'
        WHEN 'org.lectern.session.v1' THEN 'sessions'
        ELSE CASE e #>> '{data,granted}' WHEN 'true' THEN 'grants' ELSE 'revocations' END END AS name
    FROM jsonb_array_elements(p_events) AS e
  ), counted AS (
    SELECT jsonb_object_agg(k.name, k.n) AS numbers FROM (SELECT name, count(*) AS n FROM kind GROUP BY name) k
  )
  SELECT CASE WHEN p_ledger IS NULL THEN
      lectern.audit('control.by_hand', p_by,
        c.numbers || jsonb_build_object('superseded', p_superseded, 'erasures', p_erasures))
    ELSE
      lectern.audit('control.revocations', NULL,
        jsonb_build_object('ledger', p_ledger, 'before', p_next, 'revocations', p_revoked,
          'erasures', p_erasures))
    END
  FROM counted c
$$;
