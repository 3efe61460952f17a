CREATE FUNCTION lectern.newest_ledgers(p_cluster text, p_topic text)
RETURNS TABLE (ledger_id integer, partition integer, epoch bigint, next_offset bigint, last_offset bigint,
               last_timestamp_ms bigint, last_id_hash bigint, last_leader_epoch integer, topic_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT DISTINCT ON (l.partition) l.ledger_id, l.partition, l.epoch, l.next_offset, l.last_offset,
    l.last_timestamp_ms, l.last_id_hash, l.last_leader_epoch, l.topic_id
  FROM lectern.ingest_ledger l WHERE l.cluster_id = p_cluster AND l.topic = p_topic
  ORDER BY l.partition, l.incarnation DESC
$$;
COMMENT ON FUNCTION lectern.newest_ledgers IS
  'The ledgers of a topic as it is now: of each partition the newest incarnation.';
GRANT EXECUTE ON FUNCTION lectern.newest_ledgers TO lectern_ingest;
