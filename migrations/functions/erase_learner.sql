CREATE FUNCTION lectern.erase_learner(p_learner uuid, OUT erasure_id bigint, OUT cutoff timestamptz)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  LOCK TABLE lectern.privacy_lock IN EXCLUSIVE MODE;
  erase_learner.cutoff := clock_timestamp();
  INSERT INTO lectern.consent AS c (learner, scope, granted, event_time, said_at, event_id)
  SELECT p_learner, s, false, erase_learner.cutoff, erase_learner.cutoff, 'erasure'
  FROM unnest(ARRAY['analytics', 'individual_view', 'research']) AS s
  ON CONFLICT (learner, scope) DO UPDATE
  SET granted = false, since = NULL, event_time = greatest(c.event_time, excluded.event_time),
      said_at = excluded.said_at, event_id = excluded.event_id, recorded_at = excluded.event_time;
  INSERT INTO lectern.erasure AS e (learner, reason, cutoff, ingested_until)
  VALUES (p_learner, 'erasure', erase_learner.cutoff, erase_learner.cutoff)
  RETURNING e.erasure_id INTO erase_learner.erasure_id;
END
$$;
COMMENT ON FUNCTION lectern.erase_learner IS
  'Orders the erasure of a learner and withdraws every consent; erase_pending then deletes. A later grant counts again.';
