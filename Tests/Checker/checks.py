"""The promise, as queries: every acknowledged record is one sample, one reject or one counted duplicate, exactly once.

All of it reads one snapshot of one connection. `sent` is the journal, `ledger` the frame topic's rows, `placed` what became
of each acknowledged log coordinate.
"""
import changes
import formats

EMOTIONS = ("focused", "distracted", "curious", "confused", "tired", "happy")

LEDGER = """
CREATE TEMPORARY TABLE ledger AS SELECT * FROM lectern.ingest_ledger WHERE cluster_id = %(cluster)s AND topic = %(frames)s;
ANALYZE ledger;
"""
PREPARE = """
CREATE TEMPORARY TABLE stored AS
  SELECT u.uri AS source, n.external_id AS session, e.seq, e.captured_at, e.learner, c.external_id AS course, e.ledger_id,
    e.log_offset, e.ingested_at, e.status, e.label, ARRAY[{probabilities}] AS p, n.learner AS session_learner,
    n.session_day = e.session_day AND n.course_id = e.course_id AS fits
  FROM lectern.emotion_sample e
  LEFT JOIN lectern.session n USING (session_id)
  LEFT JOIN lectern.source u USING (source_id)
  LEFT JOIN lectern.course c ON c.course_id = e.course_id;
CREATE INDEX ON stored (ledger_id, log_offset);
CREATE INDEX ON stored (session, seq);
CREATE TEMPORARY TABLE gap AS
  SELECT (detail ->> 'ledger')::integer AS ledger_id, (detail ->> 'from')::bigint AS low, (detail ->> 'to')::bigint AS high
  FROM audit.entry WHERE action = 'ledger.accept_gap';
ANALYZE stored; ANALYZE gap;
-- Acknowledged without its place: what says the same and is in no other acknowledgement is it.
UPDATE sent s SET off = e.log_offset
FROM stored e JOIN ledger l USING (ledger_id)
WHERE s.acked AND s.off IS NULL AND l.partition = s.partition AND l.incarnation = s.incarnation
  AND e.source = s.source AND e.session = s.session AND e.seq = s.seq AND e.captured_at = s.captured
  AND NOT EXISTS (SELECT FROM sent t WHERE t.acked AND t.partition = s.partition AND t.incarnation = s.incarnation
                  AND t.off = e.log_offset);
-- What is no sample, or may have gone with its log, cannot be found: whether the log has it, nobody knows.
UPDATE sent SET acked = false WHERE acked AND off IS NULL AND (expect <> 'sample' OR %(remade)s);
CREATE TEMPORARY TABLE placed AS
  SELECT s.line, s.incarnation, s.partition, s.off, s.expect, l.ledger_id, r.code, e.is_sample, d.is_duplicate,
    -- Delivered twice by a retry nobody saw: the other place is in no acknowledgement.
    d.is_duplicate AND NOT EXISTS (
      SELECT FROM sent t JOIN ledger k USING (partition, incarnation)
      WHERE t.acked AND k.ledger_id = d.ledger_id AND t.off = d.log_offset) AS is_repetition,
    EXISTS (SELECT FROM gap g WHERE g.ledger_id = l.ledger_id AND s.off >= g.low AND s.off < g.high) AS lost,
    coalesce(s.off >= l.next_offset, true) AS ahead,
    EXISTS (SELECT FROM lectern.erasure x WHERE x.learner = s.learner) AS tombstone
  FROM sent s
  LEFT JOIN ledger l USING (incarnation, partition)
  LEFT JOIN lectern.ingest_reject r ON r.ledger_id = l.ledger_id AND r.log_offset = s.off
  LEFT JOIN LATERAL (SELECT true AS is_sample FROM stored e
                     WHERE e.ledger_id = l.ledger_id AND e.log_offset = s.off LIMIT 1) e ON true
  LEFT JOIN LATERAL (SELECT true AS is_duplicate, d.ledger_id, d.log_offset FROM stored d
                     WHERE e.is_sample IS NULL AND d.session = s.session AND d.seq = s.seq AND d.source = s.source
                       AND d.captured_at = s.captured LIMIT 1) d ON true
  WHERE s.acked;
ANALYZE placed;
""".format(probabilities=", ".join(f"e.p_{name}" for name in EMOTIONS))


class Checks:
    """Runs every check of one database against one journal.

    behind: partitions that may stand still (parked), whose records behind the ledger are not missed. may_repeat: the
    producer may have put one send into the log twice. With learners known (a secret was given) pseudonyms are checked too.
    """

    def __init__(self, connection, findings, cluster, frames, control=None, behind=(), may_repeat=False, secret=False):
        self.connection, self.findings = connection, findings
        self.names = {"cluster": cluster, "frames": frames, "control": control, "behind": list(behind)}
        self.may_repeat, self.secret = may_repeat, secret
        # Records that left no row and are in no acknowledgement, by the ledgers' counters.
        self.unseen = 0

    def query(self, sql):
        return self.connection.execute(sql, self.names)

    def number(self, sql):
        return self.query(sql).fetchone()[0]

    def wrong(self, kind, sql):
        self.findings.rows(kind, self.query(sql))

    def statements(self, text):
        for statement in text.split(";\n"):
            if statement.strip():
                self.query(statement)

    def run(self):
        self.statements(LEDGER)
        self.remade = changes.follow(self.connection, self.findings)
        self.names["remade"] = self.remade
        self.statements(PREPARE)
        self.ledgers()
        self.keys()
        self.acknowledged()
        self.unacknowledged()
        self.contents()
        self.people()
        self.history()
        counts = self.query("""
            SELECT count(*) FILTER (WHERE acked), count(*) FILTER (WHERE NOT acked) FROM sent""").fetchone()
        ledger = self.query("""
            SELECT sum(samples), sum(rejects), sum(duplicates), sum(skipped), sum(lost), sum(erased) FROM ledger""")
        names = ("acknowledged", "begun", "samples", "rejects", "duplicates", "skipped", "lost", "erased")
        self.findings.counts.update(zip(names, [int(value or 0) for value in counts + ledger.fetchone()]))

    def ledgers(self):
        """Sums, rows against counters, and accepted gaps, of both topics."""
        both = "l.cluster_id = %(cluster)s AND l.topic IN (%(frames)s, %(control)s)"
        self.wrong("ledger_sum", f"""
            SELECT l.topic, l.partition, l.incarnation FROM lectern.ingest_ledger l
            WHERE {both} AND l.next_offset - l.first_offset
              <> l.samples + l.rejects + l.duplicates + l.applied + l.skipped + l.lost""")
        self.wrong("ledger_rows", f"""
            SELECT l.topic, l.partition, l.incarnation FROM lectern.ingest_ledger l
            LEFT JOIN (SELECT ledger_id, count(*) AS n FROM lectern.emotion_sample GROUP BY 1) e USING (ledger_id)
            LEFT JOIN (SELECT ledger_id, count(*) AS n FROM lectern.ingest_reject GROUP BY 1) r USING (ledger_id)
            WHERE {both} AND (l.samples <> coalesce(e.n, 0) + l.erased + l.expired OR l.rejects <> coalesce(r.n, 0)
              OR (l.topic = %(frames)s) AND l.applied > 0 OR (l.topic = %(control)s) AND l.samples + l.duplicates > 0)""")
        self.wrong("row_outside_its_ledger", """
            SELECT x.ledger_id, x.log_offset FROM (
              SELECT ledger_id, log_offset FROM lectern.emotion_sample
              UNION ALL SELECT ledger_id, log_offset FROM lectern.ingest_reject) x
            LEFT JOIN lectern.ingest_ledger l USING (ledger_id)
            WHERE l.ledger_id IS NULL OR x.log_offset < l.first_offset OR x.log_offset >= l.next_offset""")
        self.wrong("lost_without_a_decision", f"""
            SELECT l.topic, l.partition, l.lost FROM lectern.ingest_ledger l
            WHERE {both} AND l.lost <> coalesce((SELECT sum(g.high - g.low) FROM gap g WHERE g.ledger_id = l.ledger_id), 0)
            """)

    def keys(self):
        self.wrong("key_twice", """
            SELECT source, session, seq, count(*) FROM stored GROUP BY 1, 2, 3 HAVING count(*) > 1""")
        self.wrong("record_twice", """
            SELECT ledger_id, log_offset, count(*) FROM (
              SELECT ledger_id, log_offset FROM stored UNION ALL SELECT ledger_id, log_offset FROM lectern.ingest_reject) x
            GROUP BY 1, 2 HAVING count(*) > 1""")
        self.wrong("acknowledged_twice", """
            SELECT incarnation, partition, off, count(*) FROM sent
            WHERE acked AND off IS NOT NULL GROUP BY 1, 2, 3 HAVING count(*) > 1""")

    def acknowledged(self):
        """acked − (samples ∪ rejects ∪ counted duplicates) is empty, and each became what the sender expected."""
        # Who was erased is known by the tombstone, if pseudonyms are; what expired, by its number alone.
        removed = "l.expired" if self.secret else "l.erased + l.expired"
        nothing = "code IS NULL AND is_sample IS NULL AND NOT lost"
        self.wrong("missing", f"""
            SELECT line, partition, off FROM placed
            WHERE {nothing} AND is_duplicate IS NULL AND NOT (ahead AND partition = ANY (%(behind)s::integer[]))
              AND (ahead OR NOT tombstone AND NOT EXISTS (
                SELECT FROM ledger l WHERE l.ledger_id = placed.ledger_id AND {removed} > 0))""")
        self.wrong("missing", f"""
            SELECT line, partition, off FROM placed
            WHERE {nothing} AND is_duplicate AND ahead AND NOT (partition = ANY (%(behind)s::integer[]))""")
        # What left no row is a duplicate of a stored sample, or of an erased learner. A ledger says how many there
        # were; beyond that there may only be sends that were never acknowledged.
        for line in self.query(f"""
            SELECT l.ledger_id, l.partition, l.duplicates, l.erased + l.expired, l.skipped, coalesce(p.same, 0),
              coalesce(p.gone, 0), l.next_offset - l.first_offset - l.lost - coalesce(p.taken, 0) - coalesce(o.n, 0)
            FROM ledger l
            LEFT JOIN (SELECT ledger_id, count(*) FILTER (WHERE {nothing} AND is_duplicate) AS same,
                         count(*) FILTER (WHERE {nothing} AND is_duplicate IS NULL) AS gone,
                         count(*) FILTER (WHERE NOT lost) AS taken
                       FROM placed WHERE NOT ahead GROUP BY 1) p USING (ledger_id)
            LEFT JOIN (SELECT x.ledger_id, count(*) AS n FROM (
                         SELECT ledger_id, log_offset FROM stored
                         UNION ALL SELECT ledger_id, log_offset FROM lectern.ingest_reject) x
                       JOIN ledger k USING (ledger_id)
                       WHERE NOT EXISTS (SELECT FROM sent s WHERE s.acked AND s.partition = k.partition
                                         AND s.incarnation = k.incarnation AND s.off = x.log_offset)
                       GROUP BY 1) o USING (ledger_id)
            ORDER BY 1""").fetchall():
            ledger, partition, duplicates, removed, skipped, same, gone, unknown = line
            unseen = duplicates + removed - same - gone
            if duplicates < same or unseen < 0 or unseen + skipped != unknown:
                self.findings.add("duplicates_miscounted", {
                    "ledger": ledger, "partition": partition, "counted": duplicates, "certain": same, "rowless": gone,
                    "erased": removed, "skipped": skipped, "unacknowledged": unknown})
            else:
                self.unseen += unseen
        self.wrong("unexpected", f"""
            SELECT line, partition, off, expect, code, is_sample FROM placed
            WHERE NOT lost AND NOT ahead AND NOT CASE split_part(expect, ':', 1)
              WHEN 'any' THEN true
              WHEN 'sample' THEN code IS NULL AND (is_sample OR is_repetition) IS TRUE
              WHEN 'duplicate' THEN code IS NULL AND is_sample IS NULL AND is_duplicate IS NOT NULL
              WHEN 'reject' THEN code IS NOT NULL AND (
                split_part(expect, ':', 2) = '' OR code = ANY (string_to_array(split_part(expect, ':', 2), '|')))
              ELSE false END""")

    def unacknowledged(self):
        """(samples ∪ rejects) − (acked ∪ maybe) is empty: rows at other coordinates belong to sends that were begun."""
        self.query("""
            CREATE TEMPORARY TABLE open_send AS
            SELECT source, session, seq, captured, body, count(*) FILTER (WHERE NOT acked) AS begun,
              count(*) FILTER (WHERE acked) AS acked
            FROM sent GROUP BY 1, 2, 3, 4, 5""")
        self.query("CREATE INDEX ON open_send (session, seq)")
        self.query("ANALYZE open_send")
        self.query("""
            CREATE TEMPORARY TABLE stranger AS
            SELECT x.* FROM (
              SELECT ledger_id, log_offset, source, session, seq, captured_at, true AS is_sample FROM stored
              UNION ALL SELECT ledger_id, log_offset, NULL, NULL, NULL, NULL, false FROM lectern.ingest_reject) x
            JOIN ledger l USING (ledger_id)
            WHERE NOT EXISTS (SELECT FROM sent s WHERE s.acked AND s.partition = l.partition
                              AND s.incarnation = l.incarnation AND s.off = x.log_offset)""")
        self.wrong("sample_nobody_sent", """
            SELECT x.ledger_id, x.log_offset FROM stranger x
            WHERE x.is_sample AND NOT EXISTS (
              SELECT FROM open_send o WHERE o.source = x.source AND o.session = x.session AND o.seq = x.seq
                AND o.captured = x.captured_at)""")
        if self.may_repeat or self.remade:
            # A log that is read again brings records whose acknowledgement is of the log before.
            return
        open_sends = self.number("SELECT coalesce(sum(greatest(begun - acked, 0)), 0)::bigint FROM open_send")
        self.findings.counts["never_acknowledged"] = open_sends
        self.wrong("sample_nobody_sent", """
            SELECT x.ledger_id, x.log_offset FROM stranger x JOIN open_send o ON o.source = x.source
              AND o.session = x.session AND o.seq = x.seq AND o.captured = x.captured_at
            GROUP BY 1, 2 HAVING sum(greatest(o.begun - o.acked, 0)) = 0""")
        strangers = self.number("SELECT count(*) FROM stranger") + self.unseen
        if strangers > open_sends:
            self.findings.add(
                "record_nobody_sent", {"unacknowledged_records": strangers, "unacknowledged_sends": open_sends},
                strangers - open_sends)

    def contents(self):
        """A row says what its record said, and its answer is a function of the picture."""
        with self.connection.cursor("contents") as cursor:
            cursor.itersize = 10_000
            cursor.execute("""
                SELECT e.ledger_id, e.log_offset, e.status, e.label, e.p,
                  coalesce(e.fits AND e.learner = e.session_learner, false)
                    AND (s.line IS NULL OR (e.source, e.session, e.seq, e.captured_at, e.course)
                         IS NOT DISTINCT FROM (s.source, s.session, s.seq, s.captured, s.course)
                         AND (s.learner IS NULL OR s.learner = e.learner)),
                  CASE WHEN s.line IS NOT NULL THEN ARRAY[s.body] ELSE ARRAY(
                    SELECT DISTINCT m.body FROM open_send m WHERE m.source = e.source AND m.session = e.session
                      AND m.seq = e.seq AND m.captured = e.captured_at) END
                FROM stored e JOIN ledger l USING (ledger_id)
                LEFT JOIN sent s ON s.acked AND s.partition = l.partition AND s.incarnation = l.incarnation
                  AND s.off = e.log_offset""")
            for ledger, offset, status, label, parts, fits, bodies in cursor:
                place = {"ledger": ledger, "offset": offset}
                if not fits:
                    self.findings.add("another_frame", place)
                answers = [formats.distribution(body) for body in bodies if body is not None]
                if answers and (status != 0 or parts not in answers or label != formats.label(parts)):
                    self.findings.add("wrong_answer", place)

    def people(self):
        """Nothing of a learner who was erased or revoked before, by the database's own tombstones and by the journal's."""
        self.wrong("erased_learner", """
            SELECT e.ledger_id, e.log_offset FROM stored e JOIN lectern.erasure x USING (learner)
            WHERE e.captured_at <= x.cutoff AND e.ingested_at > x.ingested_until
              OR e.ingested_at <= x.ingested_until AND NOT x.pending""")
        self.wrong("without_consent", """
            SELECT e.ledger_id, e.log_offset FROM stored e
            WHERE NOT EXISTS (SELECT FROM lectern.consent c
                              WHERE c.learner = e.learner AND c.scope = 'analytics' AND c.since <= e.captured_at)
              AND NOT EXISTS (SELECT FROM lectern.erasure x
                              WHERE x.learner = e.learner AND x.pending AND e.ingested_at <= x.ingested_until)""")
        self.wrong("erased_learner", """
            SELECT e.ledger_id, e.log_offset FROM stored e JOIN withdrawn w USING (learner) WHERE e.captured_at <= w.at""")

    def history(self):
        """Within one life of the database neither offset nor epoch of a ledger goes back."""
        self.query("""
            INSERT INTO history SELECT (SELECT max(line) + 1 FROM history), (SELECT max(generation) FROM history),
              ledger_id, epoch, next_offset FROM ledger WHERE EXISTS (SELECT FROM history)""")
        self.wrong("history_goes_back", """
            SELECT line, generation, ledger_id, epoch, next_offset FROM (
              SELECT *, lag(epoch) OVER w AS old_epoch, lag(next_offset) OVER w AS old_next FROM history
              WINDOW w AS (PARTITION BY generation, ledger_id ORDER BY line)) h
            WHERE epoch < old_epoch OR next_offset < old_next""")
