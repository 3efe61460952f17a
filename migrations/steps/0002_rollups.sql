-- Rollups: what the samples add up to, and the few cells of it that people may see.
--
-- Everything is an integer: sums in milliseconds and milliseconds × ten-thousandths, ratios in ten-thousandths, so that
-- a rollup equals its recomputation bit for bit. `segment_id` is null for frames outside any segment.

-- MARK: the weights

CREATE TABLE lectern.metric_weights (
  version             smallint NOT NULL,
  emotion             text NOT NULL CHECK (
    emotion IN ('focused', 'distracted', 'curious', 'confused', 'tired', 'happy')),
  concentration       smallint NOT NULL,
  concentration_low   smallint NOT NULL,
  concentration_high  smallint NOT NULL,
  engagement          smallint NOT NULL,
  on_task             smallint NOT NULL,
  interest            smallint NOT NULL,
  PRIMARY KEY (version, emotion)
);
COMMENT ON TABLE lectern.metric_weights IS
  'What each emotion counts for in each metric, in hundredths. Every rollup names its version; a version never changes.';
INSERT INTO lectern.metric_weights VALUES
  (1, 'focused',    100, 100, 100,  100, 100,   0),
  (1, 'distracted',   0,   0,   0, -100,   0,   0),
  (1, 'curious',     67,  67,  67,  100, 100, 100),
  (1, 'confused',    50,  33,  67,    0, 100,   0),
  (1, 'tired',       33,  33,  33, -100,   0,   0),
  (1, 'happy',       67,  67,  67,  100,   0, 100);

-- MARK: sums

CREATE TABLE lectern.session_segment_sum (
  course_id           bigint NOT NULL,
  session_id          bigint NOT NULL,
  segment_id          bigint,
  learner             uuid NOT NULL,
  session_day         date NOT NULL,
  weights_version     smallint NOT NULL,
  w_focused           bigint NOT NULL,
  w_distracted        bigint NOT NULL,
  w_curious           bigint NOT NULL,
  w_confused          bigint NOT NULL,
  w_tired             bigint NOT NULL,
  w_happy             bigint NOT NULL,
  classified_ms       bigint NOT NULL CHECK (classified_ms >= 0),
  expected_ms         bigint NOT NULL CHECK (expected_ms >= classified_ms),
  classified_frames   bigint NOT NULL,
  no_face_frames      bigint NOT NULL,
  low_quality_frames  bigint NOT NULL,
  confusion_episodes  bigint NOT NULL,
  confusion_ms        bigint NOT NULL,
  confusion_resolved  bigint NOT NULL CHECK (confusion_resolved <= confusion_episodes),
  UNIQUE NULLS NOT DISTINCT (course_id, session_day, session_id, segment_id)
);
CREATE INDEX session_segment_sum_learner ON lectern.session_segment_sum (course_id, learner);
COMMENT ON TABLE lectern.session_segment_sum IS
  'One session''s integer sums in one segment, the source of every other rollup. Sums of days whose samples have '
  'expired are frozen: never computed again, never verified.';
COMMENT ON COLUMN lectern.session_segment_sum.segment_id IS 'Null: frames outside any segment.';
COMMENT ON COLUMN lectern.session_segment_sum.w_focused IS
  'Sum of weight × probability over classified frames, in milliseconds × ten-thousandths; so are the other five.';
COMMENT ON COLUMN lectern.session_segment_sum.classified_ms IS 'Sum of the weights of classified frames.';
COMMENT ON COLUMN lectern.session_segment_sum.expected_ms IS 'The time the learner was there to be seen.';

CREATE TABLE lectern.session_minute_sum (
  course_id        bigint NOT NULL,
  session_id       bigint NOT NULL,
  segment_id       bigint NOT NULL,
  learner          uuid NOT NULL,
  session_day      date NOT NULL,
  minute           integer NOT NULL CHECK (minute >= 0),
  weights_version  smallint NOT NULL,
  w_focused        bigint NOT NULL,
  w_distracted     bigint NOT NULL,
  w_curious        bigint NOT NULL,
  w_confused       bigint NOT NULL,
  w_tired          bigint NOT NULL,
  w_happy          bigint NOT NULL,
  classified_ms    bigint NOT NULL CHECK (classified_ms >= 0),
  expected_ms      bigint NOT NULL CHECK (expected_ms >= classified_ms),
  PRIMARY KEY (course_id, session_day, session_id, segment_id, minute)
);
CREATE INDEX session_minute_sum_segment ON lectern.session_minute_sum (course_id, segment_id);
COMMENT ON TABLE lectern.session_minute_sum IS
  'The same sums by minute of the segment, counted from its start; only for frames whose place in it is known.';

-- MARK: metrics

CREATE TABLE lectern.learner_segment_metric (
  course_id           bigint NOT NULL,
  segment_id          bigint,
  learner             uuid NOT NULL,
  weights_version     smallint NOT NULL,
  published           boolean NOT NULL,
  coverage            bigint NOT NULL CHECK (coverage BETWEEN 0 AND 10000),
  concentration       bigint,
  concentration_low   bigint,
  concentration_high  bigint,
  engagement          bigint,
  on_task             bigint,
  interest            bigint,
  focused             bigint,
  distracted          bigint,
  curious             bigint,
  confused            bigint,
  tired               bigint,
  happy               bigint,
  confusion_episodes  bigint,
  confusion_resolved  bigint,
  confusion_time      bigint,
  UNIQUE NULLS NOT DISTINCT (course_id, learner, segment_id),
  CHECK (published = (concentration IS NOT NULL))
);
CREATE INDEX learner_segment_metric_segment ON lectern.learner_segment_metric (course_id, segment_id);
COMMENT ON TABLE lectern.learner_segment_metric IS
  'One learner in one segment, in ten-thousandths. Never shown to a teacher or an analyst.';
COMMENT ON COLUMN lectern.learner_segment_metric.published IS
  'Coverage is at least a half. Otherwise too little was seen, and everything but coverage is null.';

CREATE TABLE lectern.segment_metric (
  course_id       bigint NOT NULL,
  segment_id      bigint,
  metric          text NOT NULL,
  weights_version smallint NOT NULL,
  learners        integer NOT NULL CHECK (learners > 0),
  mean            bigint NOT NULL,
  lower_quartile  bigint NOT NULL,
  median          bigint NOT NULL,
  upper_quartile  bigint NOT NULL,
  interval_low    bigint NOT NULL,
  interval_high   bigint NOT NULL,
  UNIQUE NULLS NOT DISTINCT (course_id, segment_id, metric)
);
COMMENT ON TABLE lectern.segment_metric IS
  'One metric of one segment over its learners, in ten-thousandths. Not suppressed: for the aggregator and for '
  'verification only. See released_segment for what may be shown.';

-- MARK: released cells

CREATE TABLE lectern.course_release (
  course_id      bigint PRIMARY KEY,
  closed_period  date NOT NULL
);
COMMENT ON TABLE lectern.course_release IS 'Up to which period the waiting changes of a course were released.';

CREATE TABLE lectern.release_cell (
  course_id    bigint NOT NULL,
  segment_id   bigint,
  minute       integer,
  shown        boolean NOT NULL,
  departed     integer NOT NULL DEFAULT 0 CHECK (departed >= 0),
  released_at  timestamptz NOT NULL,
  UNIQUE NULLS NOT DISTINCT (course_id, segment_id, minute)
);
COMMENT ON TABLE lectern.release_cell IS
  'The history of each cell that was ever released: shown or withdrawn. minute is null for the whole segment.';
COMMENT ON COLUMN lectern.release_cell.departed IS
  'Learners of the last release who were erased since: their contribution is forgotten, their going still counts.';

CREATE TABLE lectern.release_contribution (
  course_id   bigint NOT NULL,
  segment_id  bigint,
  minute      integer,
  learner     uuid NOT NULL,
  digest      bigint NOT NULL,
  UNIQUE NULLS NOT DISTINCT (course_id, segment_id, minute, learner)
);
CREATE INDEX release_contribution_learner ON lectern.release_contribution (learner);
COMMENT ON TABLE lectern.release_contribution IS
  'Who took part in a cell''s last release and a digest of what they put in, to count who changed it since.';

CREATE TABLE lectern.released_segment (
  course_id       bigint NOT NULL,
  segment_id      bigint,
  metric          text NOT NULL,
  weights_version smallint NOT NULL,
  learners        integer NOT NULL CHECK (learners >= 5),
  mean            bigint NOT NULL,
  lower_quartile  bigint NOT NULL,
  median          bigint NOT NULL,
  upper_quartile  bigint NOT NULL,
  interval_low    bigint NOT NULL,
  interval_high   bigint NOT NULL,
  released_at     timestamptz NOT NULL,
  UNIQUE NULLS NOT DISTINCT (course_id, segment_id, metric)
);
COMMENT ON TABLE lectern.released_segment IS
  'What may be shown of a segment: cohorts of the minimum size only, values rounded to a point, learners down to a '
  'multiple of five. A cell changes only when as many learners changed it, or at the period''s end.';

CREATE TABLE lectern.released_minute (
  course_id       bigint NOT NULL,
  segment_id      bigint NOT NULL,
  minute          integer NOT NULL,
  metric          text NOT NULL,
  weights_version smallint NOT NULL,
  learners        integer NOT NULL CHECK (learners >= 5),
  mean            bigint NOT NULL,
  released_at     timestamptz NOT NULL,
  PRIMARY KEY (course_id, segment_id, minute, metric)
);
COMMENT ON TABLE lectern.released_minute IS
  'What may be shown of a minute of a segment, counted from its start; the same rules as released_segment.';

-- MARK: who reads what

GRANT SELECT, INSERT, UPDATE, DELETE ON lectern.session_segment_sum, lectern.session_minute_sum,
  lectern.learner_segment_metric, lectern.segment_metric, lectern.course_release, lectern.release_cell,
  lectern.release_contribution, lectern.released_segment, lectern.released_minute TO lectern_aggregator;
GRANT SELECT ON lectern.metric_weights TO lectern_aggregator, lectern_web;
GRANT SELECT ON lectern.released_segment, lectern.released_minute TO lectern_web;

-- lectern_migrator owns the tables, and with them the analysts' views; forced, its own rows need a policy too.
DO $$
DECLARE
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['session_segment_sum', 'session_minute_sum', 'learner_segment_metric',
    'segment_metric', 'course_release', 'release_cell', 'release_contribution', 'released_segment', 'released_minute']
  LOOP
    EXECUTE format('ALTER TABLE lectern.%I ENABLE ROW LEVEL SECURITY', v_table);
    EXECUTE format('ALTER TABLE lectern.%I FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format('CREATE POLICY aggregator ON lectern.%I TO lectern_aggregator USING (true) WITH CHECK (true)',
      v_table);
    EXECUTE format('CREATE POLICY owner ON lectern.%I TO lectern_migrator USING (true) WITH CHECK (true)', v_table);
  END LOOP;
END
$$;

-- A teacher is named by SET LOCAL lectern.teacher and sees the courses that name that teacher; unset or empty, none.
CREATE POLICY teacher ON lectern.released_segment FOR SELECT TO lectern_web USING (
  EXISTS (SELECT FROM lectern.course c WHERE c.course_id = released_segment.course_id
    AND nullif(current_setting('lectern.teacher', true), '') = ANY (c.teachers)));
CREATE POLICY teacher ON lectern.released_minute FOR SELECT TO lectern_web USING (
  EXISTS (SELECT FROM lectern.course c WHERE c.course_id = released_minute.course_id
    AND nullif(current_setting('lectern.teacher', true), '') = ANY (c.teachers)));
