CREATE FUNCTION lectern.read_ledgers(p_ledgers integer[])
RETURNS TABLE (ledger_id integer, epoch bigint, next_offset bigint, last_offset bigint, last_timestamp_ms bigint,
               last_id_hash bigint, last_leader_epoch integer, topic_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT l.ledger_id, l.epoch, l.next_offset, l.last_offset, l.last_timestamp_ms, l.last_id_hash, l.last_leader_epoch, l.topic_id
  FROM lectern.ingest_ledger l WHERE l.ledger_id = ANY (p_ledgers) ORDER BY l.ledger_id
$$;
GRANT EXECUTE ON FUNCTION lectern.read_ledgers TO lectern_ingest;
