-- What tells a log from another one of its name, where Kafka and librdkafka say it.

ALTER TABLE lectern.ingest_ledger ADD COLUMN topic_id text, ADD COLUMN last_leader_epoch integer;
COMMENT ON COLUMN lectern.ingest_ledger.topic_id IS
  'Kafka''s id of the topic, which another one under its name does not get; null where Kafka (before 2.8) or librdkafka '
  '(before 2.3) does not tell.';
COMMENT ON COLUMN lectern.ingest_ledger.last_leader_epoch IS
  'The epoch of the leader that took the last record; null where librdkafka (before 2.1) does not tell.';

ALTER TABLE lectern.ledger_mark ADD COLUMN leader_epoch integer;
COMMENT ON COLUMN lectern.ledger_mark.leader_epoch IS 'The epoch of the leader that took the record, as in ingest_ledger.';
