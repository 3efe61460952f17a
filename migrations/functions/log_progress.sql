CREATE FUNCTION lectern.log_progress(p_cluster text, p_topic text)
RETURNS TABLE (partition integer, next_offset bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT DISTINCT ON (l.partition) l.partition, l.next_offset
  FROM lectern.ingest_ledger l WHERE l.cluster_id = p_cluster AND l.topic = p_topic
  ORDER BY l.partition, l.incarnation DESC
$$;
COMMENT ON FUNCTION lectern.log_progress IS 'How far a topic was applied, in the newest incarnation of each partition.';
GRANT EXECUTE ON FUNCTION lectern.log_progress TO lectern_ingest;
