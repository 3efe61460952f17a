"""What the producer's side wrote down, copied into temporary tables, so that millions of lines cost no memory here."""
import json

import formats

TABLES = """
CREATE TEMPORARY TABLE sent (
  line bigint, acked boolean, source text, session text, seq integer, learner uuid, course text, captured timestamptz,
  body bytea, incarnation integer, partition integer, off bigint, expect text);
CREATE TEMPORARY TABLE withdrawn (learner uuid, at timestamptz);
CREATE TEMPORARY TABLE change (line bigint, at timestamptz, partition integer, cut bigint);
CREATE TEMPORARY TABLE history (line bigint, generation bigint, ledger_id integer, epoch bigint, next_offset bigint);
"""
COLUMNS = "line, acked, source, session, seq, learner, course, captured, body, incarnation, partition, off, expect"


class JournalError(Exception):
    """A file that is no journal: the check proves nothing."""


def lines(path):
    """(number, object) of each line. A last line without its end was being written when the writer died: left out."""
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            if line.isspace():
                continue
            try:
                yield number, json.loads(line)
            except ValueError as error:
                raise JournalError(f"{path}, line {number}: {error}") from None


class Journal:
    """Fills the temporary tables of one connection. Without a secret, learners stay unknown."""

    def __init__(self, connection, secret=None):
        self.connection, self.secret, self.known = connection, secret, {}
        # Whether a log became another one.
        self.has_changes = False
        connection.execute(TABLES)

    def learner(self, source, learner):
        if self.secret is None or source is None or learner is None:
            return None
        key = (source, learner)
        if key not in self.known:
            if len(self.known) > 200_000:
                self.known.clear()
            self.known[key] = formats.pseudonym(self.secret, source, learner)
        return self.known[key]

    def row(self, number, entry):
        source, session = formats.text(entry.get("source")), formats.text(entry.get("session"))
        captured = entry.get("captured_at")
        if formats.microseconds(captured) is None:
            captured = None
        body = entry.get("body_sha256")
        acked = entry["state"] == "acked"
        if acked and (entry.get("partition") is None or entry.get("offset") is None):
            raise JournalError(f"line {number}: acknowledged without partition and offset")
        offset = entry.get("offset")
        return (
            number, acked, source, session, formats.sequence(entry.get("sequence")),
            self.learner(source, formats.text(entry.get("learner"))), formats.text(entry.get("course")), captured,
            bytes.fromhex(body) if body else None, entry.get("incarnation", 0), entry.get("partition"),
            offset if offset is None or offset >= 0 else None, entry.get("expect") or "any")

    def load(self, path):
        """The journal: sends begun (`maybe`) and acknowledged (`acked`), learners `erased` or `revoked` at a time, and
        logs that were `changed`."""
        withdrawn, changes = [], []
        with self.connection.cursor() as cursor, cursor.copy(f"COPY sent ({COLUMNS}) FROM STDIN") as copy:
            for number, entry in lines(path):
                state = entry.get("state")
                if state in ("maybe", "acked"):
                    copy.write_row(self.row(number, entry))
                elif state in ("erased", "revoked"):
                    withdrawn.append((self.learner(entry["source"], entry["learner"]), entry["at"]))
                elif state == "changed":
                    self.has_changes = True
                    changes += [(number, entry["at"], int(partition), end) for partition, end in entry["ends"].items()]
                else:
                    raise JournalError(f"{path}, line {number}: unknown state")
        with self.connection.cursor() as cursor:
            cursor.executemany("INSERT INTO withdrawn VALUES (%s, %s)", [pair for pair in withdrawn if pair[0]])
            cursor.executemany("INSERT INTO change VALUES (%s, %s, %s, %s)", changes)
        self.connection.execute("CREATE INDEX ON sent (partition, off) WHERE acked; ANALYZE sent")

    def load_history(self, path):
        """What the ledger said while it all happened."""
        with self.connection.cursor() as cursor, cursor.copy("COPY history FROM STDIN") as copy:
            for number, entry in lines(path):
                copy.write_row((
                    number, entry.get("database_generation", 0), entry["ledger_id"], entry["epoch"],
                    entry["next_offset"]))
