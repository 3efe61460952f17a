-- Totals by topic: how many frames were stored, rejected and delivered twice, and nothing of whose they were.
CREATE VIEW lectern.ingest_total AS
SELECT topic, sum(samples)::bigint AS samples, sum(rejects)::bigint AS rejects,
  sum(duplicates)::bigint AS duplicates, sum(applied)::bigint AS applied
FROM lectern.ingest_ledger GROUP BY topic;
COMMENT ON VIEW lectern.ingest_total IS 'What became of the records of each topic, over all partitions and clusters.';
GRANT SELECT ON lectern.ingest_total TO lectern_aggregator, lectern_reader, lectern_web;
