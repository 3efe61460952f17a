#!/usr/bin/env python3
"""Does the checker see each kind of violation? A right state is built by hand, spoiled in one way, and must be caught.

    CHECKER_DATABASE=postgresql://… python3 -m unittest -v test_check    # a migrated, empty database; nothing stays in it

Everything happens in a transaction that is rolled back, constraints taken away where they would forbid the spoiling.
"""
import datetime, hashlib, json, os, tempfile, unittest

import psycopg

import check, formats, rollups
from findings import Findings
from log import LogChecks

SECRET, SOURCE, COURSE = b"\x07" * 32, "https://lms.example", "course"
START = datetime.datetime.now(datetime.timezone.utc).replace(hour=12, minute=0, second=0, microsecond=0)
LOOSE = """
ALTER TABLE lectern.ingest_ledger DROP CONSTRAINT ledger_adds_up, DROP CONSTRAINT ledger_removed_at_most_stored;
ALTER TABLE lectern.emotion_sample DROP CONSTRAINT emotion_sample_pkey, DROP CONSTRAINT sample_is_whole;
ALTER TABLE lectern.ingest_reject DROP CONSTRAINT ingest_reject_pkey;
"""


# Composed and decomposed: one text to whoever compares by canonical equivalence, two ids to whoever compares bytes.
TWINS = ("\u00e9", "e\u0301")


def picture(number):
    return f"picture {number}".encode()


def moment(number):
    return START + datetime.timedelta(seconds=number, microseconds=number * 7)


def learner(number):
    return f"learner-{TWINS[number % 2]}"


class State:
    """Partition 0: frames 0…9 as samples, then a duplicate of 0, a reject, an offset without a record, a sample whose
    acknowledgement was lost. Partition 1: four lost offsets, then frames 20…24. A control ledger of three."""

    def __init__(self, connection):
        self.connection, self.journal, self.log = connection, [], {0: [], 1: []}
        run = connection.execute
        run(LOOSE)
        source = run("INSERT INTO lectern.source (uri) VALUES (%s) RETURNING source_id", (SOURCE,)).fetchone()[0]
        self.course = run("""
            INSERT INTO lectern.course (source_id, external_id, title, event_time, event_id)
            VALUES (%s, %s, 'Course', now(), 'e') RETURNING course_id""", (source, COURSE)).fetchone()[0]
        self.sessions = []
        for number in range(2):
            who = formats.pseudonym(SECRET, SOURCE, learner(number))
            run("""
                INSERT INTO lectern.consent (learner, scope, granted, since, event_time, said_at, event_id)
                VALUES (%s, 'analytics', true, %s, now(), now(), 'e')""", (who, START))
            self.sessions.append(run("""
                INSERT INTO lectern.session (source_id, external_id, session_day, learner, course_id, frame_interval_ms)
                VALUES (%s, %s, %s, %s, %s, 1000) RETURNING session_id""",
                (source, f"session-{TWINS[number]}", START.date(), who, self.course)).fetchone()[0])
        self.ledgers = [self.ledger("frames", 0, 14, samples=11, rejects=1, duplicates=1, skipped=1),
                        self.ledger("frames", 1, 9, samples=5, lost=4), self.ledger("control", 0, 3, applied=3)]
        run("""INSERT INTO audit.entry (actor, action, detail) VALUES ('test', 'ledger.accept_gap', %s)""",
            (json.dumps({"ledger": self.ledgers[1], "from": 0, "to": 4}),))
        for number in range(10):
            self.sample(number, 0, number)
            self.send(number, 0, number, "sample")
        self.send(0, 0, 10, "duplicate")
        run("INSERT INTO lectern.ingest_reject VALUES (%s, 11, 'no_consent', '', now(), now())", (self.ledgers[0],))
        self.send(11, 0, 11, "reject:erased|no_consent", learner="nobody")
        self.sample(13, 0, 13)
        self.send(13, 0, 13, acked=False)
        self.send(14, 0, None, acked=False)
        for offset in range(4):
            self.journal.append(self.entry(15 + offset, 1, offset, "sample"))
        for number in range(20, 25):
            self.sample(number, 1, number - 16)
            self.send(number, 1, number - 16, "any")
        self.history = [
            {"ledger_id": self.ledgers[0], "epoch": epoch, "next_offset": at, "database_generation": life}
            for epoch, at, life in ((1, 0, 0), (1, 9, 0), (2, 9, 0), (2, 5, 1), (3, 14, 1))]

    def ledger(self, topic, partition, end, **counters):
        names = ", ".join(counters)
        return self.connection.execute(f"""
            INSERT INTO lectern.ingest_ledger (cluster_id, topic, partition, consumer_group, first_offset, next_offset, epoch,
              {names}) VALUES ('c', %s, %s, 'g', 0, %s, 3, {', '.join(['%s'] * len(counters))}) RETURNING ledger_id""",
            (topic, partition, end, *counters.values())).fetchone()[0]

    def sample(self, number, partition, offset):
        parts = formats.distribution(hashlib.sha256(picture(number)).digest())
        self.connection.execute("""
            INSERT INTO lectern.emotion_sample (session_id, course_id, log_offset, captured_at, ingested_at, learner,
              session_day, seq, ledger_id, model_id, status, face_count, quality, label, p_focused, p_distracted, p_curious,
              p_confused, p_tired, p_happy)
            VALUES (%s, %s, %s, %s, clock_timestamp(), %s, %s, %s, %s, 1, 0, 1, 9000, %s, %s, %s, %s, %s, %s, %s)""",
            (self.sessions[number % 2], self.course, offset, moment(number),
             formats.pseudonym(SECRET, SOURCE, learner(number)), START.date(), number, self.ledgers[partition],
             formats.label(parts), *parts))

    def entry(self, number, partition, offset, expect="any", learner=None):
        return {
            "state": "acked", "source": SOURCE, "session": f"session-{TWINS[number % 2]}", "sequence": number,
            "learner": learner or globals()["learner"](number), "course": COURSE, "partition": partition, "offset": offset,
            "captured_at": moment(number).isoformat().replace("+00:00", "Z"), "expect": expect,
            "body_sha256": hashlib.sha256(picture(number)).hexdigest()}

    def send(self, number, partition, offset, expect="any", acked=True, learner=None):
        entry = self.entry(number, partition, offset, expect, learner)
        self.journal.append({**entry, "state": "maybe"})
        if acked:
            self.journal.append(entry)
        if offset is not None:
            self.log[partition].append((number, offset))


class FakeMessage:
    def __init__(self, number, offset):
        self.number, self.at = number, offset

    def offset(self):
        return self.at

    def headers(self):
        return [("ce_source", SOURCE.encode()), ("ce_session", b""), ("ce_sequence", str(self.number).encode()),
                ("ce_sessionid", f"session-{TWINS[self.number % 2]}".encode()), ("content-type", b"image/png")]

    def value(self):
        return picture(self.number)


class FakeLog:
    def __init__(self, log, ends):
        self.log, self.found = log, ends

    def ends(self, topic):
        return self.found[topic]

    def records(self, topic, partition, low, high):
        return [FakeMessage(number, at) for number, at in self.log[partition] if low <= at < high]


class CheckTests(unittest.TestCase):
    def setUp(self):
        self.connection = psycopg.connect(os.environ["CHECKER_DATABASE"])
        self.connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        self.state = State(self.connection)
        self.ends = {"frames": {0: (0, 14), 1: (4, 9)}, "control": {0: (0, 3)}}

    def tearDown(self):
        self.connection.close()

    def run_check(self, *more, secret=SECRET):
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for name, entries in (("journal", self.state.journal), ("history", self.state.history)):
                paths.append(os.path.join(folder, name))
                with open(paths[-1], "w") as file:
                    file.writelines(json.dumps(entry) + "\n" for entry in entries)
            options = check.arguments([
                "--journal", paths[0], "--ledger-history", paths[1], "--database", "", "--frame-topic", "frames",
                "--control-topic", "control", "--cluster-id", "c", *more])
            self.checks_made = []
            original = check.Checks
            check.Checks = lambda *given: self.checks_made.append(original(*given)) or self.checks_made[0]
            try:
                findings = check.check(self.connection, options, secret)
            finally:
                check.Checks = original
            log = LogChecks(self.checks_made[0], FakeLog(self.state.log, self.ends))
            for topic in self.ends:
                log.ends(topic)
            log.records("frames")
            return findings

    def expect(self, *kinds, spoil=None, more=(), **arguments):
        if spoil:
            self.connection.execute(spoil)
        findings = self.run_check(*more, **arguments)
        self.assertEqual(sorted(findings.violations), sorted(kinds), findings.violations)
        return findings

    # What is right

    def test_a_right_state_has_no_violation(self):
        counts = self.expect().counts
        self.assertEqual(
            (counts["acknowledged"], counts["samples"], counts["duplicates"], counts["lost"]), (21, 16, 1, 4))
        self.assertEqual((counts["never_acknowledged"], counts["records_read"]), (2, 18))

    def test_no_secret_no_pseudonyms(self):
        self.expect(secret=None)

    def test_an_erased_learner_leaves_counted_holes(self):
        who = formats.pseudonym(SECRET, SOURCE, learner(0))
        self.connection.execute(f"""
            DELETE FROM lectern.emotion_sample WHERE learner = '{who}';
            UPDATE lectern.ingest_ledger SET erased = 5 WHERE ledger_id = {self.state.ledgers[0]};
            UPDATE lectern.ingest_ledger SET erased = 3 WHERE ledger_id = {self.state.ledgers[1]};
            INSERT INTO lectern.erasure (learner, reason, cutoff, ingested_until, pending, completed_at)
            VALUES ('{who}', 'erasure', now() + interval '1 day', now() + interval '1 day', false, now())""")
        # They were to be samples; that they were erased is what this test is about.
        for entry in self.state.journal:
            entry["expect"] = "any"
        self.expect()

    def test_expired_samples_are_counted_holes(self):
        for entry in self.state.journal:
            entry["expect"] = "any"
        self.expect(spoil=f"""
            DELETE FROM lectern.emotion_sample WHERE ledger_id = {self.state.ledgers[1]};
            UPDATE lectern.ingest_ledger SET expired = 5 WHERE ledger_id = {self.state.ledgers[1]}""")

    def test_a_retry_nobody_saw_is_a_repetition(self):
        # Frame 3 arrived twice: its sample is at an offset that was never acknowledged, the acknowledged one is a
        # duplicate.
        self.state.log[0].append((3, 14))
        self.ends["frames"][0] = (0, 15)
        self.state.journal.append({**self.state.entry(3, 0, 14), "state": "maybe"})
        self.expect(spoil=f"""
            UPDATE lectern.emotion_sample SET log_offset = 14 WHERE seq = 3;
            UPDATE lectern.ingest_ledger SET next_offset = 15, duplicates = 2 WHERE ledger_id = {self.state.ledgers[0]};
            UPDATE lectern.ingest_ledger SET samples = 11 WHERE ledger_id = {self.state.ledgers[0]}""")

    def test_a_parked_partition_may_stand_still(self):
        self.state.send(25, 1, 9)
        self.state.send(20, 1, 10)
        self.ends["frames"][1] = (4, 11)
        self.expect(more=["--behind", "1"])

    def change(self, **ends):
        """The log of a partition became another one, after all that the journal holds."""
        self.state.journal.append({
            "state": "changed", "at": (START - datetime.timedelta(days=1)).isoformat(),
            "ends": {number[1:]: end for number, end in ends.items()}})

    def end_at(self, end, samples, **counters):
        """The ledger of partition 1 and its log end there."""
        names = "".join(f", {name} = {value}" for name, value in counters.items())
        self.connection.execute(f"""
            UPDATE lectern.ingest_ledger SET next_offset = {end}, samples = {samples}{names}
            WHERE ledger_id = {self.state.ledgers[1]}""")
        self.ends["frames"][1] = (4, end)

    def test_what_kafka_lost_before_it_was_read_is_nobodys_fault(self):
        for number in (25, 26):
            self.state.journal.append(self.state.entry(number, 1, number - 16, "sample"))
        self.change(p1=9)
        self.state.sample(27, 1, 9)
        self.state.send(27, 1, 9, "sample")
        self.end_at(10, 6)
        counts = self.expect().counts
        self.assertEqual((counts["lost_by_kafka"], counts["log_changes"]), (2, 1))

    def decide(self, first, end, **counters):
        """The operator begins a second incarnation of partition 1, now."""
        names = ", ".join(counters)
        ledger = self.connection.execute(f"""
            INSERT INTO lectern.ingest_ledger (cluster_id, topic, partition, incarnation, consumer_group, first_offset,
              next_offset, epoch, {names})
            VALUES ('c', 'frames', 1, 1, 'g', %s, %s, 1, {', '.join(['%s'] * len(counters))}) RETURNING ledger_id""",
            (first, end, *counters.values())).fetchone()[0]
        self.connection.execute(
            "INSERT INTO audit.entry (action, detail) VALUES ('ledger.new_incarnation', %s)",
            (json.dumps({"ledger": self.state.ledgers[1], "new": ledger, "first": first}),))
        self.state.ledgers.append(ledger)
        self.ends["frames"][1] = (first, end)

    def remake(self):
        """Two of five stored records are still there, one that was not read yet is gone, and one came since."""
        self.state.journal.append(self.state.entry(25, 1, 9, "sample"))
        self.change(p1=6)
        self.decide(4, 7, samples=1, duplicates=2)
        self.state.log[1] = [(20, 4), (21, 5)]
        self.state.send(28, 1, 6, "sample")

    def test_a_log_that_lost_what_was_read(self):
        self.remake()
        self.state.sample(28, 3, 6)
        self.assertEqual(self.expect().counts["lost_by_kafka"], 1)

    # What is wrong

    def test_a_record_of_the_new_log_that_is_missing(self):
        self.remake()
        found = self.expect("missing", "unexpected", "skipped_miscounted", "duplicates_miscounted", spoil=f"""
            UPDATE lectern.ingest_ledger SET samples = 0, skipped = 1 WHERE ledger_id = {self.state.ledgers[3]}""")
        self.assertEqual(found.violations["missing"]["examples"][0]["off"], 6)

    def test_a_record_that_survived_is_not_lost_by_kafka(self):
        self.state.send(25, 1, 9, "sample")
        self.state.journal.append(self.state.entry(26, 1, 10, "sample"))
        self.change(p1=10)
        self.state.sample(27, 1, 10)
        self.state.send(27, 1, 10, "sample")
        self.end_at(11, 6, skipped=1)
        found = self.expect("missing", "unexpected", "duplicates_miscounted")
        self.assertEqual(found.violations["missing"]["examples"][0]["off"], 9)
        self.assertEqual(found.counts["lost_by_kafka"], 1)

    def test_a_settled_record_that_is_gone(self):
        self.remake()
        self.state.sample(28, 3, 6)
        found = self.expect("missing", "ledger_rows", "duplicates_miscounted", spoil="""
            DELETE FROM lectern.emotion_sample WHERE seq = 24""")
        self.assertEqual(found.violations["missing"]["examples"][0]["off"], 8)

    def test_a_missing_sample(self):
        self.expect("missing", "unexpected", "duplicates_miscounted", "skipped_miscounted", spoil=f"""
            DELETE FROM lectern.emotion_sample WHERE seq = 4;
            UPDATE lectern.ingest_ledger SET samples = 10, skipped = 2 WHERE ledger_id = {self.state.ledgers[0]}""")

    def test_a_missing_sample_called_a_duplicate(self):
        found = self.expect("missing", "unexpected", spoil=f"""
            DELETE FROM lectern.emotion_sample WHERE seq = 4;
            UPDATE lectern.ingest_ledger SET samples = 10, duplicates = 2 WHERE ledger_id = {self.state.ledgers[0]}""")
        self.assertEqual(found.violations["missing"]["examples"][0]["off"], 4)

    def lose_the_place(self, number):
        for entry in self.state.journal:
            if entry["state"] == "acked" and entry["sequence"] == number and entry["expect"] == "sample":
                entry["offset"] = -1001

    def test_an_acknowledgement_without_its_place(self):
        self.lose_the_place(4)
        self.expect()

    def test_a_missing_sample_acknowledged_without_its_place(self):
        self.lose_the_place(4)
        self.expect("missing", "duplicates_miscounted", "skipped_miscounted", spoil=f"""
            DELETE FROM lectern.emotion_sample WHERE seq = 4;
            UPDATE lectern.ingest_ledger SET samples = 10, skipped = 2 WHERE ledger_id = {self.state.ledgers[0]}""")

    def test_more_holes_than_expired(self):
        for entry in self.state.journal:
            entry["expect"] = "any"
        self.expect("duplicates_miscounted", "ledger_rows", spoil=f"""
            DELETE FROM lectern.emotion_sample WHERE ledger_id = {self.state.ledgers[1]};
            UPDATE lectern.ingest_ledger SET expired = 4 WHERE ledger_id = {self.state.ledgers[1]}""")

    def test_a_missing_reject(self):
        self.expect("missing", "unexpected", "ledger_rows", "duplicates_miscounted",
                    spoil="DELETE FROM lectern.ingest_reject")

    def test_the_last_record_not_taken(self):
        self.state.send(25, 1, 9)
        self.ends["frames"][1] = (4, 10)
        self.expect("missing", "not_at_the_end")

    def test_a_second_delivery_behind_the_ledger(self):
        self.state.send(20, 1, 9)
        self.ends["frames"][1] = (4, 10)
        self.expect("missing", "not_at_the_end")

    def test_a_partition_without_a_ledger(self):
        self.state.journal.append(self.state.entry(26, 2, 0))
        self.ends["frames"][2] = (0, 1)
        self.expect("missing", "not_at_the_end")

    def test_a_control_topic_not_read_to_its_end(self):
        self.ends["control"][0] = (0, 4)
        self.expect("not_at_the_end")

    def test_a_frame_stored_twice(self):
        self.expect("key_twice", "record_twice", "ledger_rows", spoil="""
            INSERT INTO lectern.emotion_sample SELECT * FROM lectern.emotion_sample WHERE seq = 5""")

    def test_a_duplicate_stored_as_a_sample(self):
        self.expect(
            "key_twice", "unexpected", spoil=f"""
            CREATE TEMPORARY TABLE again AS SELECT * FROM lectern.emotion_sample WHERE seq = 0;
            UPDATE again SET log_offset = 10;
            INSERT INTO lectern.emotion_sample SELECT * FROM again;
            UPDATE lectern.ingest_ledger SET samples = 12, duplicates = 0 WHERE ledger_id = {self.state.ledgers[0]}""")

    def test_a_record_in_two_places(self):
        self.expect("record_twice", "unexpected", "ledger_rows", spoil=f"""
            INSERT INTO lectern.ingest_reject VALUES ({self.state.ledgers[0]}, 5, 'bad_image', '', now(), now())""")

    def test_a_sample_nobody_sent(self):
        self.state.journal = [entry for entry in self.state.journal if entry["sequence"] != 13]
        self.expect("sample_nobody_sent", "record_nobody_sent")

    def test_more_rows_than_were_sent(self):
        # Both sends of frame 13 ended: its row at an unknown offset is one too many, and so is an unknown reject.
        self.state.sample(30, 1, 9)
        self.state.log[1].append((30, 9))
        self.ends["frames"][1] = (4, 11)
        self.state.log[1].append((14, 10))
        self.expect("sample_nobody_sent", "record_nobody_sent", spoil=f"""
            INSERT INTO lectern.ingest_reject VALUES ({self.state.ledgers[1]}, 10, 'bad_image', '', now(), now());
            UPDATE lectern.ingest_ledger SET next_offset = 11, samples = 6, rejects = 1
            WHERE ledger_id = {self.state.ledgers[1]}""")

    def test_a_duplicate_nobody_sent(self):
        self.ends["frames"][1] = (4, 12)
        self.expect("record_nobody_sent", spoil=f"""
            UPDATE lectern.ingest_ledger SET next_offset = 12, duplicates = 3
            WHERE ledger_id = {self.state.ledgers[1]}""")

    def test_duplicates_called_skipped(self):
        self.expect("duplicates_miscounted", "skipped_miscounted", spoil=f"""
            UPDATE lectern.ingest_ledger SET duplicates = 0, skipped = 2 WHERE ledger_id = {self.state.ledgers[0]}""")

    def test_a_skipped_offset_called_a_duplicate(self):
        # Only the log tells: without it, the send that was never acknowledged might have been it.
        self.expect("duplicates_miscounted", "skipped_miscounted", spoil=f"""
            UPDATE lectern.ingest_ledger SET duplicates = 2, skipped = 0 WHERE ledger_id = {self.state.ledgers[0]}""")

    def test_a_row_without_a_record(self):
        self.state.log[0] = [pair for pair in self.state.log[0] if pair[1] != 6]
        self.expect("row_without_a_record", "skipped_miscounted")

    def test_another_answer(self):
        self.expect("wrong_answer", spoil="""
            UPDATE lectern.emotion_sample SET p_focused = p_distracted, p_distracted = p_focused WHERE seq = 2""")

    def test_another_label(self):
        self.expect("wrong_answer", spoil="UPDATE lectern.emotion_sample SET label = (label + 1) % 6 WHERE seq = 2")

    def test_another_answer_of_an_unacknowledged_frame(self):
        self.expect("wrong_answer", spoil="UPDATE lectern.emotion_sample SET p_tired = p_tired + 1 WHERE seq = 13")

    def test_not_classified(self):
        self.expect("wrong_answer", spoil="UPDATE lectern.emotion_sample SET status = 1 WHERE seq = 2")

    def test_another_capture_time(self):
        self.expect("another_frame", spoil="""
            UPDATE lectern.emotion_sample SET captured_at = captured_at + interval '1 us' WHERE seq = 2""")

    def test_another_learner(self):
        self.expect("another_frame", spoil="""
            UPDATE lectern.session SET learner = (SELECT max(learner::text) FROM lectern.session)::uuid;
            UPDATE lectern.emotion_sample SET learner = (SELECT max(learner::text) FROM lectern.session)::uuid""")

    def test_a_session_under_its_twins_name(self):
        self.expect("another_frame", spoil="""
            UPDATE lectern.emotion_sample SET session_id = (SELECT max(session_id) FROM lectern.session),
              learner = (SELECT learner FROM lectern.session ORDER BY session_id DESC LIMIT 1) WHERE seq = 2""")

    def test_two_frames_that_changed_places(self):
        self.expect("another_frame", "wrong_answer", spoil="""
            UPDATE lectern.emotion_sample SET log_offset = 9 - log_offset WHERE log_offset IN (2, 7) AND seq IN (2, 7)""")

    def test_an_unexpected_code(self):
        self.expect("unexpected", spoil="UPDATE lectern.ingest_reject SET code = 'bad_event'")

    def test_a_ledger_that_does_not_add_up(self):
        self.expect("ledger_sum", "duplicates_miscounted", spoil=f"""
            UPDATE lectern.ingest_ledger SET duplicates = duplicates + 1 WHERE ledger_id = {self.state.ledgers[1]}""")

    def test_a_control_ledger_that_does_not_add_up(self):
        self.expect("ledger_sum", spoil="UPDATE lectern.ingest_ledger SET applied = 2 WHERE topic = 'control'")

    def test_a_row_outside_its_ledger(self):
        self.expect(
            "row_outside_its_ledger", "duplicates_miscounted", "sample_nobody_sent", spoil="""
            UPDATE lectern.emotion_sample SET log_offset = 99 WHERE seq = 9""")

    def test_a_row_of_no_ledger(self):
        self.expect("row_outside_its_ledger", "ledger_rows", "duplicates_miscounted",
                    spoil="UPDATE lectern.emotion_sample SET ledger_id = 999999 WHERE seq = 9")

    def test_a_loss_nobody_decided(self):
        self.expect("lost_without_a_decision", "missing", "unexpected", "duplicates_miscounted",
                    spoil="DELETE FROM audit.entry")

    def test_an_erased_learner_who_is_still_there(self):
        who = formats.pseudonym(SECRET, SOURCE, learner(0))
        self.expect("erased_learner", spoil=f"""
            INSERT INTO lectern.erasure (learner, reason, cutoff, ingested_until, pending, completed_at)
            VALUES ('{who}', 'erasure', now() + interval '1 day', now() + interval '1 day', false, now())""")

    def test_an_erasure_the_database_forgot(self):
        self.state.journal.append({
            "state": "erased", "source": SOURCE, "learner": learner(0), "at": moment(4).isoformat()})
        found = self.expect("erased_learner")
        self.assertEqual(found.violations["erased_learner"]["count"], 3)

    def test_a_sample_from_before_the_consent(self):
        self.expect("without_consent", spoil="UPDATE lectern.consent SET since = now() + interval '1 day'")

    def test_a_sample_without_consent(self):
        self.expect("without_consent", spoil="UPDATE lectern.consent SET granted = false, since = NULL")

    def test_a_history_that_goes_back(self):
        self.state.history[4]["next_offset"] = 4
        self.expect("history_goes_back")

    def test_a_database_behind_its_history(self):
        self.state.history.append({**self.state.history[-1], "next_offset": 15})
        self.expect("history_goes_back")

    def test_an_epoch_that_goes_back(self):
        self.state.history[2]["epoch"] = 0
        self.expect("history_goes_back")

    def test_one_offset_acknowledged_twice(self):
        self.state.journal.append(self.state.entry(3, 0, 3, "sample"))
        self.expect("acknowledged_twice", "duplicates_miscounted")

    def test_a_record_that_is_not_in_the_journal(self):
        self.state.log[0][2] = (99, 2)
        self.expect("record_nobody_sent", "another_frame")

    # Rollups

    def rollups(self, spoil=None):
        self.connection.execute("TRUNCATE lectern.rollup_dirty")
        for number, session in enumerate(self.state.sessions):
            rows = self.connection.execute("""
                SELECT floor(extract(epoch FROM captured_at) * 1000)::bigint, seq, status, p_focused, p_distracted, p_curious,
                  p_confused, p_tired, p_happy FROM lectern.emotion_sample WHERE session_id = %s""", (session,)).fetchall()
            values = rollups.sums(rows, 1000)
            self.connection.execute("""
                INSERT INTO lectern.session_segment_sum (course_id, session_id, learner, session_day, weights_version,
                  classified_frames, no_face_frames, low_quality_frames, classified_ms, expected_ms, w_focused, w_distracted,
                  w_curious, w_confused, w_tired, w_happy, confusion_episodes, confusion_ms, confusion_resolved)
                VALUES (%s, %s, gen_random_uuid(), %s, 1, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0, 0, 0)""",
                (self.state.course, session, START.date(), *values))
        if spoil:
            self.connection.execute(spoil)
        findings = Findings()
        rollups.check(self.connection, findings)
        return sorted(findings.violations)

    def test_right_rollups(self):
        self.assertEqual(self.rollups(), [])

    def test_rollups_that_miss_a_frame(self):
        self.assertEqual(self.rollups("DELETE FROM lectern.emotion_sample WHERE seq = 3"), ["rollups_differ"])

    def test_rollups_off_by_one(self):
        spoil = "UPDATE lectern.session_segment_sum SET w_happy = w_happy + 1"
        self.assertEqual(self.rollups(spoil), ["rollups_differ"])

    def test_rollups_of_an_expired_day(self):
        spoil = f"DROP TABLE lectern.emotion_sample_{START:%Y%m%d}"
        self.assertEqual(self.rollups(spoil), [])

    def test_rollups_of_nothing(self):
        self.assertEqual(self.rollups("DELETE FROM lectern.emotion_sample"), ["rollups_differ"])

    def test_rollups_not_up_to_date(self):
        self.assertEqual(self.rollups("INSERT INTO lectern.rollup_dirty VALUES (1, now(), 1)"), ["rollups_dirty"])


class FormatTests(unittest.TestCase):
    def test_pseudonyms_are_those_of_the_vectors(self):
        path = os.path.join(os.path.dirname(__file__), "../../docs/events/id-vectors.json")
        with open(path) as file:
            vectors = json.load(file)["vectors"]
        for vector in vectors:
            for entry in vector["learners"]:
                self.assertEqual(
                    formats.pseudonym(bytes.fromhex(vector["secret_hex"]), entry["source"], entry["learner_id"]),
                    entry["pseudonym"])

    def test_answers_add_up(self):
        for number in range(1000):
            parts = formats.distribution(hashlib.sha256(picture(number)).digest())
            self.assertEqual((sum(parts), len(parts)), (10000, 6))
        self.assertEqual(formats.distribution(bytes(6)), [1667, 1667, 1667, 1667, 1666, 1666])

    def test_sums_of_a_session(self):
        # 10 s, then 1.5 s capped at twice 500 ms, then a visit's end, then the last: by hand.
        frames = [(0, 0, 0, 10000, 0, 0, 0, 0, 0), (400, 1, 1, 0, 0, 0, 0, 0, 0), (1900, 2, 0, 0, 10000, 0, 0, 0, 0),
                  (61900, 3, 0, 0, 0, 10000, 0, 0, 0)]
        self.assertEqual(rollups.sums(frames, 500), [3, 1, 0, 1400, 2900, 4000000, 5000000, 5000000, 0, 0, 0])

    def test_what_no_row_can_hold_is_nobody(self):
        self.assertIsNone(formats.text("a\0b"))
        self.assertIsNone(formats.text(b"\xff".decode("utf-8", "surrogateescape")))
        self.assertIsNone(formats.sequence(2**31))
        self.assertIsNone(formats.microseconds("yesterday"))


if __name__ == "__main__":
    unittest.main()
