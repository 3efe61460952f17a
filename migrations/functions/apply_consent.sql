-- The caller holds the privacy lock exclusively if the event revokes.
--
-- A control event may be applied days after it was made: by the first worker, after an outage, or to a restored
-- database. Frames captured after a new consent are stored then, too, so the consent moves the cutoff of an earlier
-- revocation back.
CREATE FUNCTION lectern.apply_consent(p_event jsonb) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_data jsonb := p_event -> 'data';
  v_learner uuid := (v_data ->> 'learner_id')::uuid;
  v_scope text := v_data ->> 'scope';
  v_granted boolean := (v_data ->> 'granted')::boolean;
  v_time timestamptz := (p_event ->> 'time')::timestamptz;
  v_before boolean;
  v_now timestamptz;
BEGIN
  SELECT c.granted INTO v_before
  FROM lectern.consent c WHERE c.learner = v_learner AND c.scope = v_scope FOR UPDATE;
  INSERT INTO lectern.consent AS c (learner, scope, granted, event_time, event_id)
  VALUES (v_learner, v_scope, v_granted, v_time, p_event ->> 'id')
  ON CONFLICT (learner, scope) DO UPDATE
  SET granted = excluded.granted, event_time = excluded.event_time, event_id = excluded.event_id,
      recorded_at = clock_timestamp()
  WHERE c.event_time < excluded.event_time OR (c.event_time = excluded.event_time AND NOT excluded.granted);
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF v_scope = 'analytics' THEN
    IF v_before AND NOT v_granted THEN
      v_now := clock_timestamp();
      INSERT INTO lectern.erasure (learner, reason, cutoff, ingested_until) VALUES (v_learner, 'revocation', v_now, v_now);
    ELSIF v_granted AND NOT v_before THEN
      UPDATE lectern.erasure e SET cutoff = v_time
      WHERE e.learner = v_learner AND e.reason = 'revocation' AND e.cutoff > v_time;
    END IF;
  END IF;
  RETURN true;
END
$$;
