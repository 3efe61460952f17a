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
  v_recorded timestamptz := (p_event ->> 'recordedtime')::timestamptz;
  -- A clock that runs ahead dates a consent later than it was given: when its record was made, it was.
  v_since timestamptz := least(v_time, v_recorded);
  v_before boolean;
  v_said timestamptz;
  v_now timestamptz;
BEGIN
  SELECT c.granted, c.event_time INTO v_before, v_said
  FROM lectern.consent c WHERE c.learner = v_learner AND c.scope = v_scope FOR UPDATE;
  -- Whatever was dated later than this record was made, by a clock that runs ahead, was said before it.
  IF NOT v_granted AND v_said > v_recorded THEN
    v_time := greatest(v_time, v_said);
  END IF;
  INSERT INTO lectern.consent AS c (learner, scope, granted, since, event_time, event_id)
  VALUES (v_learner, v_scope, v_granted, CASE WHEN v_granted THEN v_since END, v_time, p_event ->> 'id')
  ON CONFLICT (learner, scope) DO UPDATE
  SET granted = excluded.granted, since = CASE WHEN v_granted THEN coalesce(c.since, excluded.since) END,
      event_time = excluded.event_time, event_id = excluded.event_id, recorded_at = clock_timestamp()
  WHERE c.event_time < excluded.event_time OR (c.event_time = excluded.event_time AND NOT excluded.granted);
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF v_scope = 'analytics' THEN
    IF v_before AND NOT v_granted THEN
      v_now := clock_timestamp();
      INSERT INTO lectern.erasure (learner, reason, cutoff, ingested_until) VALUES (v_learner, 'revocation', v_now, v_now);
    ELSIF v_granted AND NOT v_before THEN
      UPDATE lectern.erasure e SET cutoff = v_since
      WHERE e.learner = v_learner AND e.reason = 'revocation' AND e.cutoff > v_since;
    END IF;
  END IF;
  RETURN true;
END
$$;
