-- What transactions of Lectern take turns by. Advisory locks would do, if not every login could take them, and hold
-- ingest up for as long as it liked: of these tables nobody has any right, and the functions that use them are
-- lectern_migrator's.

CREATE TABLE lectern.turn (
  class  text NOT NULL,
  key    integer NOT NULL,
  PRIMARY KEY (class, key)
);
COMMENT ON TABLE lectern.turn IS 'Rows that are locked by whoever does something that only one may do at a time.';
INSERT INTO lectern.turn
VALUES ('premake', 0), ('expiry', 0);
INSERT INTO lectern.turn SELECT 'session', k FROM generate_series(0, 255) AS k;
INSERT INTO lectern.turn SELECT 'course', k FROM generate_series(0, 1023) AS k;

CREATE TABLE lectern.privacy_lock ();
COMMENT ON TABLE lectern.privacy_lock IS
  'Locked as a whole: ROW SHARE by whoever stores what consent allows, EXCLUSIVE by whoever withdraws it or erases.';
