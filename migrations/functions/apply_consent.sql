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
  v_stands lectern.consent;
  v_now timestamptz;
BEGIN
  SELECT * INTO v_stands FROM lectern.consent c WHERE c.learner = v_learner AND c.scope = v_scope FOR UPDATE;
  -- Of a clock that runs ahead: dated later than this record was made, and said before it.
  IF NOT v_granted AND v_stands.event_time > v_recorded AND v_stands.said_at <= v_recorded THEN
    v_time := greatest(v_time, v_stands.event_time);
  END IF;
  INSERT INTO lectern.consent AS c (learner, scope, granted, since, event_time, said_at, event_id)
  VALUES (v_learner, v_scope, v_granted, CASE WHEN v_granted THEN v_time END, v_time, least(v_time, v_recorded),
          p_event ->> 'id')
  ON CONFLICT (learner, scope) DO UPDATE
  SET granted = excluded.granted, since = CASE WHEN v_granted THEN coalesce(c.since, excluded.since) END,
      event_time = excluded.event_time, said_at = excluded.said_at, event_id = excluded.event_id,
      recorded_at = clock_timestamp()
  WHERE c.event_time < excluded.event_time OR (c.event_time = excluded.event_time AND NOT excluded.granted);
  IF FOUND THEN
    IF v_scope = 'analytics' AND v_stands.granted AND NOT v_granted THEN
      v_now := clock_timestamp();
      INSERT INTO lectern.erasure (learner, reason, cutoff, ingested_until) VALUES (v_learner, 'revocation', v_now, v_now);
    ELSIF v_scope = 'analytics' AND v_granted AND NOT v_stands.granted THEN
      UPDATE lectern.erasure e SET cutoff = v_time
      WHERE e.learner = v_learner AND e.reason = 'revocation' AND e.cutoff > v_time;
    END IF;
    RETURN true;
  END IF;
  -- A revocation that comes after the consent that followed it: what that consent covers begins with it.
  IF v_stands.granted AND NOT v_granted AND v_stands.since <= v_time THEN
    UPDATE lectern.consent c SET since = c.event_time WHERE c.learner = v_learner AND c.scope = v_scope;
    IF v_scope = 'analytics' THEN
      v_now := clock_timestamp();
      INSERT INTO lectern.erasure (learner, reason, cutoff, ingested_until)
      VALUES (v_learner, 'revocation', least(v_stands.event_time, v_now), v_now);
    END IF;
  END IF;
  RETURN false;
END
$$;
