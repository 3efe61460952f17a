-- Since when a consent covers what is captured, an interval of a course's own, and whom to tell of a reject.

ALTER TABLE lectern.consent ADD COLUMN since timestamptz;
-- What a clock that ran far ahead dated would overrule every later word until then.
UPDATE lectern.consent SET event_time = recorded_at WHERE event_time > recorded_at + interval '1 day';
UPDATE lectern.consent SET since = least(event_time, recorded_at) WHERE granted;
ALTER TABLE lectern.consent ADD CONSTRAINT consent_granted_since CHECK (granted = (since IS NOT NULL));
COMMENT ON COLUMN lectern.consent.since IS
  'A frame captured earlier is not covered; null unless granted. The time of the event that granted it after a time '
  'without consent, or of its record where that is earlier.';

UPDATE lectern.course SET event_time = updated_at WHERE event_time > updated_at + interval '1 day';
UPDATE lectern.session_declaration SET event_time = updated_at WHERE event_time > updated_at + interval '1 day';

ALTER TABLE lectern.course ADD COLUMN frame_interval_ms integer CHECK (frame_interval_ms > 0);
COMMENT ON COLUMN lectern.course.frame_interval_ms IS
  'The time between two frames of its sessions, as the LMS declared it; a session''s own declaration goes before it.';
COMMENT ON COLUMN lectern.session.frame_interval_ms IS
  'The configured interval when the session was opened; what a session_declaration or the course says goes before it.';

ALTER TABLE lectern.ingest_reject
  ADD COLUMN source text CHECK (octet_length(source) <= 200),
  ADD COLUMN course text CHECK (octet_length(course) <= 200),
  ADD COLUMN event_id text CHECK (octet_length(event_id) <= 200);
COMMENT ON TABLE lectern.ingest_reject IS
  'Records that became no sample, by log coordinates and code. detail never holds an id or any part of the payload; '
  'source, course and event_id are what the LMS finds its record by. Never a learner or a session.';
COMMENT ON COLUMN lectern.ingest_reject.event_id IS 'CloudEvents'' id; null where the record says none that can be read.';

CREATE TABLE lectern.interval_mismatch (
  session_id   bigint PRIMARY KEY REFERENCES lectern.session ON DELETE CASCADE,
  course_id    bigint NOT NULL,
  observed_ms  bigint NOT NULL CHECK (observed_ms >= 0),
  declared_ms  bigint NOT NULL CHECK (declared_ms > 0)
);
CREATE INDEX interval_mismatch_course ON lectern.interval_mismatch (course_id);
COMMENT ON TABLE lectern.interval_mismatch IS
  'Sessions whose frames come at another interval than the one that counts for them, by more than a half: their coverage '
  'is wrong, most often because nobody declared the interval.';
COMMENT ON COLUMN lectern.interval_mismatch.observed_ms IS 'The median time from one frame to the next.';
COMMENT ON COLUMN lectern.interval_mismatch.declared_ms IS 'The interval that the sums were computed with.';
GRANT SELECT, INSERT, DELETE ON lectern.interval_mismatch TO lectern_aggregator;
