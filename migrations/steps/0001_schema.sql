-- The core schema: what was learned from the LMS, what was measured, and how far the log was read.
--
-- Migrations hold roles, schemas, tables, indexes, policies, grants on tables and seed rows; functions and views stand
-- in folders of their own, a file each. This first file runs as the user who migrates, who must be allowed to create
-- roles (or find them created) and to create schemas; everything else runs as lectern_migrator, in the same
-- transaction. Nothing here names a learner: `learner` is a keyed pseudonym everywhere.

-- Roles belong to the whole cluster, so another database (or a parallel test) may create them at the same moment.
DO $$
DECLARE
  v_role text;
BEGIN
  FOREACH v_role IN ARRAY ARRAY['lectern_migrator', 'lectern_ingest', 'lectern_aggregator', 'lectern_web',
                                'lectern_analyst', 'lectern_researcher']
  LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = v_role) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN', v_role);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;
      END;
    END IF;
  END LOOP;
  -- Who creates a role may administer it but, from PostgreSQL 16 on, not take it on.
  IF NOT pg_has_role(current_user, 'lectern_migrator', CASE
      WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END) THEN
    EXECUTE format('GRANT lectern_migrator TO %I', current_user);
  END IF;
  EXECUTE format('GRANT CREATE, CONNECT, TEMPORARY ON DATABASE %I TO lectern_migrator', current_database());
  -- Whoever has none of Lectern's roles has no business here, and could hold its tables up.
  EXECUTE format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO lectern_ingest, lectern_aggregator, lectern_web, lectern_analyst, '
    'lectern_researcher', current_database());
  EXECUTE format('COMMENT ON DATABASE %I IS %L', current_database(), 'Lectern: learning analytics');
END
$$;

CREATE SCHEMA lectern AUTHORIZATION lectern_migrator;
CREATE SCHEMA analytics AUTHORIZATION lectern_migrator;

SET LOCAL ROLE lectern_migrator;

COMMENT ON SCHEMA lectern IS 'What Lectern stores. Use the schema analytics for analysis.';
COMMENT ON SCHEMA analytics IS 'Views for analysts: released, suppressed and documented figures only.';

REVOKE ALL ON SCHEMA lectern FROM PUBLIC;
REVOKE ALL ON SCHEMA analytics FROM PUBLIC;
GRANT USAGE ON SCHEMA lectern TO lectern_ingest, lectern_aggregator, lectern_web;
GRANT USAGE ON SCHEMA analytics TO lectern_web, lectern_analyst, lectern_researcher;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

CREATE TABLE lectern.schema_migration (
  version     integer PRIMARY KEY CHECK (version > 0),
  name        text NOT NULL,
  checksum    text NOT NULL CHECK (checksum ~ '^[0-9a-f]{64}$'),
  applied_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  applied_by  text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE lectern.schema_migration IS
  'The applied migrations; checksum is the SHA-256 of the file as it was applied.';

CREATE TABLE lectern.schema_definition (
  name         text PRIMARY KEY CHECK (name ~ '^(functions|views)/.'),
  checksum     text NOT NULL CHECK (checksum ~ '^[0-9a-f]{64}$'),
  fingerprint  text NOT NULL CHECK (fingerprint ~ '^[0-9a-f]{64}$'),
  applied_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  applied_by   text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE lectern.schema_definition IS
  'The functions and views as they were applied last; name is the file''s, checksum the SHA-256 of it.';
COMMENT ON COLUMN lectern.schema_definition.fingerprint IS
  'A hash of what the catalog held after the file was applied: another one now means that it was changed by hand.';

CREATE TABLE lectern.deployment (
  singleton           boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  secret_fingerprint  text NOT NULL CHECK (secret_fingerprint ~ '^[0-9a-f]{16}$'),
  created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  cohort_minimum      integer CHECK (cohort_minimum >= 5)
);
COMMENT ON TABLE lectern.deployment IS 'One row: what every worker of this database must share.';
COMMENT ON COLUMN lectern.deployment.secret_fingerprint IS
  'A fingerprint of the pseudonym secret. A worker with another secret would split every learner in two, so it is refused.';
COMMENT ON COLUMN lectern.deployment.cohort_minimum IS
  'Of the aggregator that ran last: whoever else releases or judges figures, as an erasure does, uses the same.';

CREATE TABLE lectern.source (
  source_id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uri         text NOT NULL UNIQUE CHECK (octet_length(uri) BETWEEN 1 AND 200),
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE lectern.source IS 'The LMSs, by CloudEvents source. Every LMS id is scoped by its source.';

CREATE TABLE lectern.course (
  course_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source_id    integer NOT NULL REFERENCES lectern.source,
  external_id  text NOT NULL CHECK (octet_length(external_id) BETWEEN 1 AND 200),
  title        text NOT NULL,
  teachers     text[] NOT NULL DEFAULT '{}',
  event_time   timestamptz NOT NULL,
  event_id     text NOT NULL,
  updated_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (source_id, external_id)
);
COMMENT ON TABLE lectern.course IS 'Courses as the LMS last described them; the newest event time wins.';
COMMENT ON COLUMN lectern.course.teachers IS 'The LMS''s ids of the people who may read this course''s figures.';

CREATE TABLE lectern.segment (
  segment_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  course_id       bigint NOT NULL REFERENCES lectern.course,
  external_id     text NOT NULL CHECK (octet_length(external_id) BETWEEN 1 AND 200),
  title           text NOT NULL,
  ordinal         integer NOT NULL,
  media_start_ms  bigint CHECK (media_start_ms >= 0),
  media_end_ms    bigint,
  starts_at       timestamptz,
  ends_at         timestamptz,
  retired_at      timestamptz,
  UNIQUE (course_id, external_id),
  CONSTRAINT segment_has_one_range CHECK (
    (media_start_ms IS NOT NULL AND media_end_ms IS NOT NULL AND starts_at IS NULL AND ends_at IS NULL
      AND media_start_ms < media_end_ms)
    OR (media_start_ms IS NULL AND media_end_ms IS NULL AND starts_at IS NOT NULL AND ends_at IS NOT NULL
      AND starts_at < ends_at))
);
COMMENT ON TABLE lectern.segment IS
  'Parts of a course by media position [media_start_ms, media_end_ms) or wall clock [starts_at, ends_at).';
COMMENT ON COLUMN lectern.segment.retired_at IS
  'Set when a course edit removed the segment. The row stays, because frozen aggregates refer to it; null = current.';

CREATE TABLE lectern.session (
  session_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source_id          integer NOT NULL REFERENCES lectern.source,
  external_id        text NOT NULL CHECK (octet_length(external_id) BETWEEN 1 AND 200),
  session_day        date NOT NULL,
  learner            uuid NOT NULL,
  course_id          bigint NOT NULL REFERENCES lectern.course,
  frame_interval_ms  integer NOT NULL CHECK (frame_interval_ms > 0),
  created_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (source_id, external_id)
);
CREATE INDEX session_learner ON lectern.session (learner);
CREATE INDEX session_course_day ON lectern.session (course_id, session_day);
COMMENT ON TABLE lectern.session IS 'One learner''s one sitting in one course, opened by its first consented frame.';
COMMENT ON COLUMN lectern.session.session_day IS
  'The UTC day of the opening frame''s capture, fixed once, so that a frame keeps one primary key across midnight.';
COMMENT ON COLUMN lectern.session.frame_interval_ms IS
  'The configured interval when the session was opened; a session_declaration with an interval goes before it.';

CREATE TABLE lectern.session_declaration (
  source_id          integer NOT NULL REFERENCES lectern.source,
  external_id        text NOT NULL CHECK (octet_length(external_id) BETWEEN 1 AND 200),
  frame_interval_ms  integer CHECK (frame_interval_ms > 0),
  title              text,
  event_time         timestamptz NOT NULL,
  event_id           text NOT NULL,
  updated_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (source_id, external_id)
);
COMMENT ON TABLE lectern.session_declaration IS
  'What the LMS said of a session, which may come before or long after its frames; joined by (source_id, external_id).';

CREATE TABLE lectern.consent (
  learner      uuid NOT NULL,
  scope        text NOT NULL CHECK (scope IN ('analytics', 'individual_view', 'research')),
  granted      boolean NOT NULL,
  event_time   timestamptz NOT NULL,
  event_id     text NOT NULL,
  recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (learner, scope)
);
COMMENT ON TABLE lectern.consent IS
  'The present state of each consent: the newest event time wins, ties go to revoke. No row is no consent.';

CREATE TABLE lectern.erasure (
  erasure_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  learner           uuid NOT NULL,
  reason            text NOT NULL CHECK (reason IN ('erasure', 'revocation')),
  cutoff            timestamptz NOT NULL,
  pending           boolean NOT NULL DEFAULT true,
  samples_removed   bigint NOT NULL DEFAULT 0,
  sessions_touched  bigint NOT NULL DEFAULT 0,
  completed_at      timestamptz,
  sessions_removed  bigint NOT NULL DEFAULT 0,
  forgotten_at      timestamptz,
  ingested_until    timestamptz NOT NULL,
  CHECK (pending = (completed_at IS NULL))
);
CREATE INDEX erasure_learner ON lectern.erasure (learner, cutoff);
CREATE INDEX erasure_pending ON lectern.erasure (erasure_id) WHERE pending;
CREATE INDEX erasure_unforgotten ON lectern.erasure (erasure_id) WHERE reason = 'erasure' AND forgotten_at IS NULL;
-- Two times, because they differ where a withdrawal is applied long after it was made and consent was given anew in
-- between: samples are deleted by the time they were stored, and never stored again by the time they were captured.
COMMENT ON TABLE lectern.erasure IS
  'Tombstones. What was ingested up to ingested_until is deleted, and a frame captured up to cutoff is never stored again. '
  'A row outlives the log''s retention and the ingest window, so that no replay brings a learner back.';
COMMENT ON COLUMN lectern.erasure.ingested_until IS 'The clock under the exclusive privacy lock.';
COMMENT ON COLUMN lectern.erasure.cutoff IS
  'As ingested_until; of a revocation no later than the consent that was given after it, by the LMS''s time.';
COMMENT ON COLUMN lectern.erasure.forgotten_at IS
  'When the learner''s sessions were deleted too, after samples and sums were gone; never after a revocation.';

CREATE TABLE lectern.model (
  model_id       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  hash           text NOT NULL UNIQUE CHECK (hash ~ '^[0-9a-f]{64}$'),
  labels         text[] NOT NULL CHECK (cardinality(labels) = 6),
  trained        boolean NOT NULL,
  calibration    jsonb NOT NULL DEFAULT '{}',
  evaluation     jsonb NOT NULL DEFAULT '{}',
  registered_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE lectern.model IS 'Model bundles by SHA-256, so that every sample names what measured it.';
COMMENT ON COLUMN lectern.model.trained IS
  'False for a seeded bundle that knows nothing of faces: its numbers show the path, not emotions.';

CREATE TABLE lectern.course_model (
  course_id  bigint NOT NULL REFERENCES lectern.course,
  model_id   integer NOT NULL REFERENCES lectern.model,
  PRIMARY KEY (course_id, model_id)
);
COMMENT ON TABLE lectern.course_model IS
  'Which models measured samples of a course that have expired: its figures, which outlive them, must go on naming them.';

CREATE TABLE lectern.ingest_ledger (
  ledger_id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  cluster_id         text NOT NULL CHECK (cluster_id <> ''),
  topic              text NOT NULL CHECK (topic <> ''),
  incarnation        integer NOT NULL DEFAULT 0 CHECK (incarnation >= 0),
  partition          integer NOT NULL CHECK (partition >= 0),
  consumer_group     text NOT NULL CHECK (consumer_group <> ''),
  epoch              bigint NOT NULL DEFAULT 0,
  first_offset       bigint NOT NULL CHECK (first_offset >= 0),
  next_offset        bigint NOT NULL,
  last_offset        bigint,
  last_timestamp_ms  bigint,
  last_id_hash       bigint,
  samples            bigint NOT NULL DEFAULT 0 CHECK (samples >= 0),
  rejects            bigint NOT NULL DEFAULT 0 CHECK (rejects >= 0),
  duplicates         bigint NOT NULL DEFAULT 0 CHECK (duplicates >= 0),
  applied            bigint NOT NULL DEFAULT 0 CHECK (applied >= 0),
  skipped            bigint NOT NULL DEFAULT 0 CHECK (skipped >= 0),
  lost               bigint NOT NULL DEFAULT 0 CHECK (lost >= 0),
  erased             bigint NOT NULL DEFAULT 0 CHECK (erased >= 0),
  expired            bigint NOT NULL DEFAULT 0 CHECK (expired >= 0),
  created_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (cluster_id, topic, incarnation, partition),
  CONSTRAINT ledger_adds_up CHECK (
    next_offset - first_offset = samples + rejects + duplicates + applied + skipped + lost),
  CONSTRAINT ledger_removed_at_most_stored CHECK (erased + expired <= samples)
) WITH (fillfactor = 50);
COMMENT ON TABLE lectern.ingest_ledger IS
  'How far each log was read, and what became of every offset. The only truth; Kafka''s committed offsets mirror it.';
COMMENT ON COLUMN lectern.ingest_ledger.epoch IS
  'Raised by every claim, to the clock in microseconds since 1970; a store under an older epoch is fenced (LF001).';
COMMENT ON COLUMN lectern.ingest_ledger.skipped IS 'Offsets that carry no record: transaction markers, compaction.';
COMMENT ON COLUMN lectern.ingest_ledger.lost IS 'Offsets an operator accepted as a gap.';
COMMENT ON COLUMN lectern.ingest_ledger.samples IS 'Samples ever stored from this log, erased and expired ones included.';
COMMENT ON COLUMN lectern.ingest_ledger.erased IS 'Samples of this log deleted for erasures and revocations.';
COMMENT ON COLUMN lectern.ingest_ledger.expired IS 'Samples of this log dropped with their day.';

CREATE TABLE lectern.ingest_reject (
  ledger_id         integer NOT NULL REFERENCES lectern.ingest_ledger,
  log_offset        bigint NOT NULL CHECK (log_offset >= 0),
  code              text NOT NULL CHECK (code IN (
    'bad_event', 'too_large', 'out_of_window', 'unknown_course', 'erased', 'no_consent', 'sequence_reused',
    'bad_image', 'decoder_crash', 'unstorable')),
  detail            text NOT NULL DEFAULT '' CHECK (octet_length(detail) <= 1000),
  record_timestamp  timestamptz,
  rejected_at       timestamptz NOT NULL,
  PRIMARY KEY (ledger_id, log_offset)
);
COMMENT ON TABLE lectern.ingest_reject IS
  'Records that became no sample, by log coordinates and code. detail never holds an id or any part of the payload.';

CREATE TABLE lectern.rollup_dirty (
  course_id    bigint NOT NULL,
  session_day  date NOT NULL,
  session_id   bigint NOT NULL,
  dirtied_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX rollup_dirty_course ON lectern.rollup_dirty (course_id);
COMMENT ON TABLE lectern.rollup_dirty IS
  'Sessions whose sums must be computed again. Append-only and without a unique key on purpose: with one, or with '
  'SKIP LOCKED and two aggregators, an update that meets a running recomputation is lost.';

-- No foreign keys and no index but the primary key: lectern.store vouches for every row, and each of them would be paid
-- for by every frame. Columns are ordered by alignment (8, 4, 2, variable) for the same reason.
CREATE TABLE lectern.emotion_sample (
  session_id    bigint NOT NULL,
  course_id     bigint NOT NULL,
  log_offset    bigint NOT NULL,
  captured_at   timestamptz NOT NULL,
  ingested_at   timestamptz NOT NULL,
  learner       uuid NOT NULL,
  session_day   date NOT NULL,
  seq           integer NOT NULL CHECK (seq >= 0),
  ledger_id     integer NOT NULL,
  model_id      integer NOT NULL,
  media_pos_ms  integer,
  status        smallint NOT NULL,
  face_count    smallint NOT NULL CHECK (face_count >= 0),
  quality       smallint NOT NULL CHECK (quality BETWEEN 0 AND 10000),
  label         smallint CHECK (label BETWEEN 0 AND 5),
  p_focused     smallint,
  p_distracted  smallint,
  p_curious     smallint,
  p_confused    smallint,
  p_tired       smallint,
  p_happy       smallint,
  segment_hint  text,
  PRIMARY KEY (session_day, session_id, seq),
  -- One expression, because every frame pays for every check. A sum with a null in it is null.
  CONSTRAINT sample_is_whole CHECK (CASE status
    WHEN 0 THEN label IS NOT NULL AND p_focused + p_distracted + p_curious + p_confused + p_tired + p_happy IS NOT DISTINCT FROM 10000
    ELSE status IN (1, 2) AND label IS NULL
      AND num_nonnulls(p_focused, p_distracted, p_curious, p_confused, p_tired, p_happy) = 0 END)
) PARTITION BY RANGE (session_day);
COMMENT ON TABLE lectern.emotion_sample IS
  'One row for each frame that was measured, partitioned by session_day; see lectern.premake. There is no default partition.';
COMMENT ON COLUMN lectern.emotion_sample.status IS '0 classified, 1 no face, 2 low quality';
COMMENT ON COLUMN lectern.emotion_sample.face_count IS 'Faces found; the largest is the one classified.';
COMMENT ON COLUMN lectern.emotion_sample.quality IS 'Quality of the face picture in ten-thousandths.';
COMMENT ON COLUMN lectern.emotion_sample.label IS
  'The most probable emotion: 0 focused, 1 distracted, 2 curious, 3 confused, 4 tired, 5 happy; null unless classified.';
COMMENT ON COLUMN lectern.emotion_sample.p_focused IS
  'Probability in ten-thousandths; the six sum to 10000 and are null unless classified.';
COMMENT ON COLUMN lectern.emotion_sample.segment_hint IS
  'The segment the LMS named. A hint: segments are joined by position or clock when figures are computed.';
COMMENT ON COLUMN lectern.emotion_sample.log_offset IS 'With ledger_id: the log record this sample came from.';

CREATE TABLE lectern.audit_log (
  audit_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor     text NOT NULL,
  action    text NOT NULL,
  detail    jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE lectern.audit_log IS 'Who read or changed what about people. Append-only; never holds a learner''s LMS id.';

-- Workers get no table at all: they execute functions. The others read what they compute from or show.
GRANT SELECT ON lectern.source, lectern.course, lectern.segment, lectern.session, lectern.session_declaration,
  lectern.model, lectern.emotion_sample, lectern.rollup_dirty, lectern.erasure, lectern.ingest_ledger,
  lectern.ingest_reject TO lectern_aggregator;
GRANT DELETE, INSERT ON lectern.rollup_dirty TO lectern_aggregator;
GRANT SELECT ON lectern.source, lectern.course, lectern.segment, lectern.model TO lectern_web;
GRANT INSERT ON lectern.audit_log TO lectern_web, lectern_aggregator;
GRANT SELECT ON lectern.schema_migration, lectern.schema_definition TO lectern_ingest, lectern_aggregator, lectern_web;
GRANT SELECT (cohort_minimum) ON lectern.deployment TO lectern_aggregator;

RESET ROLE;
