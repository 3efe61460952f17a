CREATE FUNCTION lectern.new_incarnation(
  p_ledger integer, p_expected_next bigint, p_first bigint, p_by text, OUT ledger_id integer, OUT incarnation integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s'
AS $$
#variable_conflict use_column
DECLARE
  v_old lectern.ingest_ledger;
BEGIN
  -- The old row's epoch rises: whoever holds it is fenced, claims again, and finds the new one.
  UPDATE lectern.ingest_ledger l SET epoch = l.epoch + 1, updated_at = clock_timestamp()
  WHERE l.ledger_id = p_ledger AND l.next_offset = p_expected_next
    AND NOT EXISTS (SELECT FROM lectern.ingest_ledger n
                    WHERE n.cluster_id = l.cluster_id AND n.topic = l.topic AND n.partition = l.partition
                      AND n.incarnation > l.incarnation)
  RETURNING l.* INTO v_old;
  IF NOT FOUND THEN
    RAISE SQLSTATE 'LF003' USING MESSAGE = 'the ledger is not where it was when this was decided';
  END IF;
  INSERT INTO lectern.ingest_ledger AS l (
    cluster_id, topic, incarnation, partition, consumer_group, first_offset, next_offset)
  VALUES (v_old.cluster_id, v_old.topic, v_old.incarnation + 1, v_old.partition, v_old.consumer_group, p_first, p_first)
  RETURNING l.ledger_id, l.incarnation INTO new_incarnation.ledger_id, new_incarnation.incarnation;
  PERFORM lectern.audit('ledger.new_incarnation', p_by,
    jsonb_build_object('ledger', p_ledger, 'new', new_incarnation.ledger_id, 'first', p_first));
END
$$;
COMMENT ON FUNCTION lectern.new_incarnation IS
  'Begins a new ledger for a log that was made again under its old name; the old row is kept. LF003 if it moved meanwhile.';
