-- When what holds of a consent was said, as far as the log knows: a grant that is dated later than it was made is told
-- from one that was made later.

ALTER TABLE lectern.consent ADD COLUMN said_at timestamptz;
UPDATE lectern.consent SET said_at = least(event_time, recorded_at);
ALTER TABLE lectern.consent ALTER COLUMN said_at SET NOT NULL;
COMMENT ON COLUMN lectern.consent.said_at IS
  'The time of the event that holds, or of its record where that is earlier: a clock that runs ahead dates events later '
  'than they were made.';
COMMENT ON COLUMN lectern.consent.since IS
  'A frame captured earlier is not covered; null unless granted. The time of the event that granted it after a time '
  'without consent.';
