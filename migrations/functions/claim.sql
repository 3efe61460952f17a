-- The epoch comes from the clock, so that no two states of a database ever hand out the same one. A database that was
-- restored from a backup gives its ledgers the same keys once more, and with epochs counted from 1 a worker that held a
-- ledger before would take another log's for it.
CREATE FUNCTION lectern.claim(
  p_cluster text, p_topic text, p_incarnation integer, p_partition integer, p_group text, p_low bigint,
  OUT ledger_id integer, OUT incarnation integer, OUT epoch bigint, OUT next_offset bigint, OUT last_offset bigint,
  OUT last_timestamp_ms bigint, OUT last_id_hash bigint, OUT last_leader_epoch integer, OUT topic_id text,
  OUT is_new boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s'
AS $$
#variable_conflict use_column
DECLARE
  v_count bigint;
  v_group text;
BEGIN
  incarnation := coalesce(p_incarnation, (
    SELECT max(l.incarnation) FROM lectern.ingest_ledger l
    WHERE l.cluster_id = p_cluster AND l.topic = p_topic AND l.partition = p_partition), 0);
  INSERT INTO lectern.ingest_ledger AS l (cluster_id, topic, incarnation, partition, consumer_group, first_offset, next_offset)
  VALUES (p_cluster, p_topic, claim.incarnation, p_partition, p_group, p_low, p_low)
  ON CONFLICT (cluster_id, topic, incarnation, partition) DO NOTHING;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  is_new := v_count = 1;
  UPDATE lectern.ingest_ledger l
  SET epoch = greatest(l.epoch + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint),
      updated_at = clock_timestamp(),
      -- Nothing is lost with a topic that was made again before anything was read of it: whoever claims says which it
      -- is.
      topic_id = CASE WHEN l.next_offset > 0 THEN l.topic_id END
  WHERE l.cluster_id = p_cluster AND l.topic = p_topic AND l.incarnation = claim.incarnation
    AND l.partition = p_partition AND l.consumer_group = p_group
  RETURNING l.ledger_id, l.epoch, l.next_offset, l.last_offset, l.last_timestamp_ms, l.last_id_hash, l.last_leader_epoch,
    l.topic_id
  INTO claim.ledger_id, claim.epoch, claim.next_offset, claim.last_offset, claim.last_timestamp_ms, claim.last_id_hash,
    claim.last_leader_epoch, claim.topic_id;
  IF NOT FOUND THEN
    SELECT l.consumer_group INTO v_group FROM lectern.ingest_ledger l
    WHERE l.cluster_id = p_cluster AND l.topic = p_topic AND l.incarnation = claim.incarnation
      AND l.partition = p_partition;
    RAISE SQLSTATE 'LF002' USING MESSAGE = format(
      'this log is read by the consumer group %L, not by %L: set LECTERN_KAFKA_GROUP to the first, or give the second a '
      'database of its own', v_group, p_group);
  END IF;
END
$$;
COMMENT ON FUNCTION lectern.claim IS
  'Makes the caller the only one whose stores are taken for this log, from next_offset on. LF002 for another group''s log.';
GRANT EXECUTE ON FUNCTION lectern.claim TO lectern_ingest;
