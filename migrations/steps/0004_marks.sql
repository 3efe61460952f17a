-- Marks: a short history of what was stored from each log, to tell whether the log is still the same.

CREATE TABLE lectern.ledger_mark (
  ledger_id     integer NOT NULL REFERENCES lectern.ingest_ledger,
  mark_no       bigint NOT NULL CHECK (mark_no > 0),
  log_offset    bigint NOT NULL CHECK (log_offset >= 0),
  timestamp_ms  bigint,
  id_hash       bigint NOT NULL,
  marked_at     timestamptz NOT NULL,
  PRIMARY KEY (ledger_id, mark_no)
);
COMMENT ON TABLE lectern.ledger_mark IS
  'Records that a ledger stored, one a second at most: the latest 16, and ever fewer of the earlier ones. A log that '
  'holds another record at one of these offsets is not the one that was stored from.';
COMMENT ON COLUMN lectern.ledger_mark.mark_no IS 'Counts the marks of the ledger from 1 on, those dropped since included.';
COMMENT ON COLUMN lectern.ledger_mark.timestamp_ms IS 'The record''s time by Kafka, in milliseconds since 1970.';
COMMENT ON COLUMN lectern.ledger_mark.id_hash IS 'A hash of the event''s id, made by the worker.';

GRANT SELECT ON lectern.ledger_mark TO lectern_aggregator;
