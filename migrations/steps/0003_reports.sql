-- Reports: which were made, what they said, and which are due.
--
-- A stored report holds released figures only, so no learner and no cohort under the minimum. It is kept as it was
-- made, until an erasure or a withdrawn cell makes it invalid.

CREATE TABLE lectern.report_schedule (
  schedule_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  course_id    bigint NOT NULL REFERENCES lectern.course,
  cadence      text NOT NULL CHECK (cadence IN ('daily', 'weekly', 'monthly')),
  next_due     timestamptz NOT NULL,
  enabled      boolean NOT NULL DEFAULT true,
  created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (course_id, cadence)
);
CREATE INDEX report_schedule_due ON lectern.report_schedule (next_due) WHERE enabled;
COMMENT ON TABLE lectern.report_schedule IS 'Which courses get a report how often. A report is made when next_due has come.';

CREATE TABLE lectern.report_run (
  report_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  course_id        bigint NOT NULL REFERENCES lectern.course,
  schedule_id      bigint REFERENCES lectern.report_schedule ON DELETE SET NULL,
  made_at          timestamptz NOT NULL,
  cohort_minimum   integer NOT NULL CHECK (cohort_minimum >= 5),
  weights_version  smallint NOT NULL,
  format_version   integer NOT NULL CHECK (format_version > 0),
  document         json NOT NULL,
  invalidated_at   timestamptz,
  CHECK (invalidated_at IS NULL OR invalidated_at >= made_at)
);
CREATE INDEX report_run_course ON lectern.report_run (course_id, made_at DESC);
COMMENT ON TABLE lectern.report_run IS 'Every report that was made, with what it said.';
COMMENT ON COLUMN lectern.report_run.schedule_id IS 'Null for a report somebody asked for.';
COMMENT ON COLUMN lectern.report_run.document IS
  'The report in its JSON form, as text, so that it can be shown again byte for byte.';
COMMENT ON COLUMN lectern.report_run.invalidated_at IS
  'Set when figures in it were withdrawn, by an erasure above all. An invalid report is not shown again.';

GRANT SELECT, INSERT, UPDATE, DELETE ON lectern.report_schedule, lectern.report_run TO lectern_aggregator;
GRANT SELECT ON lectern.report_schedule, lectern.report_run TO lectern_web;

DO $$
DECLARE
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['report_schedule', 'report_run'] LOOP
    EXECUTE format('ALTER TABLE lectern.%I ENABLE ROW LEVEL SECURITY', v_table);
    EXECUTE format('ALTER TABLE lectern.%I FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format('CREATE POLICY aggregator ON lectern.%I TO lectern_aggregator USING (true) WITH CHECK (true)',
      v_table);
    EXECUTE format('CREATE POLICY owner ON lectern.%I TO lectern_migrator USING (true) WITH CHECK (true)', v_table);
    EXECUTE format($policy$
      CREATE POLICY teacher ON lectern.%1$I FOR SELECT TO lectern_web USING (
        EXISTS (SELECT FROM lectern.course c WHERE c.course_id = %1$I.course_id
          AND nullif(current_setting('lectern.teacher', true), '') = ANY (c.teachers)))
      $policy$, v_table);
  END LOOP;
END
$$;
