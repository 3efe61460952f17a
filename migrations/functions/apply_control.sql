CREATE FUNCTION lectern.apply_control(
  p_ledger integer, p_epoch bigint, p_expected bigint, p_next bigint, p_skipped bigint, p_last_offset bigint,
  p_last_timestamp_ms bigint, p_last_id_hash bigint, p_last_leader_epoch integer, p_events jsonb,
  p_reject_offset bigint[], p_reject_code text[], p_reject_detail text[], p_reject_time timestamptz[],
  p_reject_source text[], p_reject_course text[], p_reject_event text[], p_by text,
  OUT applied bigint, OUT superseded bigint, OUT overruled bigint, OUT rejects bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_event jsonb;
  v_took boolean;
  v_revoked bigint := 0;
  v_last_erasure bigint;
  v_erasures bigint[];
BEGIN
  applied := 0;
  superseded := 0;
  overruled := 0;
  rejects := cardinality(p_reject_offset);
  IF p_ledger IS NOT NULL THEN
    PERFORM lectern.require_ledger(p_ledger, p_epoch, p_expected);
  END IF;
  -- A revocation's cutoff is the clock under the exclusive lock: every store is then before it or sees it.
  IF jsonb_path_exists(p_events, '$[*] ? (@.type == "org.lectern.consent.v1" && @.data.granted == false)') THEN
    LOCK TABLE lectern.privacy_lock IN EXCLUSIVE MODE;
    SELECT max(e.erasure_id) INTO v_last_erasure FROM lectern.erasure e;
  END IF;
  PERFORM lectern.lock_batch(p_events);
  -- In the order of the log. Control events are few, and what one does depends on those before it.
  FOR v_event IN SELECT e FROM jsonb_array_elements(p_events) WITH ORDINALITY AS t (e, i) ORDER BY i LOOP
    v_took := CASE v_event ->> 'type'
      WHEN 'org.lectern.course.v1' THEN lectern.apply_course(v_event)
      WHEN 'org.lectern.session.v1' THEN lectern.apply_session(v_event)
      WHEN 'org.lectern.consent.v1' THEN lectern.apply_consent(v_event) END;
    IF v_took IS NULL THEN
      RAISE SQLSTATE '22023' USING MESSAGE = 'unknown type of control event';
    END IF;
    applied := applied + 1;
    IF NOT v_took THEN
      superseded := superseded + 1;
      IF v_event #>> '{data,granted}' = 'false' AND EXISTS (
        SELECT FROM lectern.consent c
        WHERE c.learner = (v_event #>> '{data,learner_id}')::uuid AND c.scope = v_event #>> '{data,scope}' AND c.granted
      ) THEN
        overruled := overruled + 1;
      END IF;
    ELSIF v_event #>> '{data,granted}' = 'false' THEN
      v_revoked := v_revoked + 1;
    END IF;
  END LOOP;
  v_erasures := ARRAY(
    SELECT e.erasure_id FROM lectern.erasure e
    WHERE v_revoked + overruled > 0 AND e.erasure_id > coalesce(v_last_erasure, 0) ORDER BY 1);
  IF v_revoked + cardinality(v_erasures) > 0 OR p_ledger IS NULL AND applied > 0 THEN
    PERFORM lectern.audit_control(p_ledger, p_next, p_by, p_events, superseded, v_revoked, v_erasures);
  END IF;
  IF rejects > 0 AND p_ledger IS NOT NULL THEN
    PERFORM lectern.add_rejects(p_ledger, p_epoch, p_expected, p_reject_offset, p_reject_code, p_reject_detail,
      p_reject_time, p_reject_source, p_reject_course, p_reject_event, clock_timestamp());
  END IF;
  IF p_ledger IS NOT NULL THEN
    PERFORM lectern.advance_ledger(p_ledger, p_epoch, p_expected, p_next, 0, rejects, 0, applied, p_skipped,
      p_last_offset, p_last_timestamp_ms, p_last_id_hash, p_last_leader_epoch);
  END IF;
END
$$;
COMMENT ON FUNCTION lectern.apply_control IS
  'Applies course, session and consent events, CloudEvents whose learner is a pseudonym and whose recordedtime is that of '
  'their record; the newest event time wins, ties go to revoke. overruled counts the revocations over which a later '
  'consent stands. With a ledger it follows the same rule as store; without (null) the events came from a file or '
  'over HTTP, by whom p_by says. What came so, and every revocation that took or erases, leaves a line in the audit log.';
GRANT EXECUTE ON FUNCTION lectern.apply_control TO lectern_ingest;
