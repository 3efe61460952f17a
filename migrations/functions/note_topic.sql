CREATE FUNCTION lectern.note_topic(p_ledger integer, p_epoch bigint, p_topic_id text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s'
AS $$
BEGIN
  UPDATE lectern.ingest_ledger l SET topic_id = p_topic_id
  WHERE l.ledger_id = p_ledger AND l.epoch = p_epoch AND l.topic_id IS NULL;
  RETURN FOUND;
END
$$;
COMMENT ON FUNCTION lectern.note_topic IS
  'Keeps the id of the topic that a ledger reads, for whoever holds it and found that its log fits. False if the ledger has '
  'one or belongs to a newer claim.';
GRANT EXECUTE ON FUNCTION lectern.note_topic TO lectern_ingest;
