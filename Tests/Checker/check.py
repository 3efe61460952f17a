#!/usr/bin/env python3
"""The independent checker: was every acknowledged frame stored exactly once, whatever happened meanwhile?

    python3 Tests/Checker/check.py --journal FILE --database URL --frame-topic T --cluster-id ID [--control-topic T]
        [--bootstrap HOST:PORT [--read-log]] [--ledger-history FILE] [--rollups] …

Run it when nothing is in flight any more, as a role that may read every table and make temporary ones. Exit code 0 and a
report as JSON on stdout; 1 with what is wrong in the report and on stderr; 2 if it could not look.

The journal is written by whoever sends, a line before each send and one at its acknowledgement:

    {"state": "maybe" | "acked", "source": …, "session": …, "sequence": N, "learner": …, "course": …,
     "captured_at": RFC 3339, "body_sha256": hex, "partition": P, "offset": O, "incarnation": I (0),
     "expect": "sample" | "reject" | "reject:<code>|<code>…" | "duplicate" | "any"}
    {"state": "erased" | "revoked", "source": …, "learner": …, "at": RFC 3339}
    {"state": "changed", "at": RFC 3339, "ends": {"<partition>": O, …}}

A negative offset of an acknowledgement says that the client was not told the place: a broker that has a record already,
from a send whose answer got lost, acknowledges the second send without one. The frame must be found all the same.

The last line says that the log of the frame topic became another one, while nothing was on its way: of what was acknowledged
in the lines before, each partition still holds the records below O. See changes.py for what that means.

With LECTERN_PSEUDONYM_SECRET in the environment it computes pseudonyms too. Needs psycopg 3 and, for --bootstrap,
confluent-kafka (ops/bootstrap-tests.sh). Shares no code with Lectern.
"""
import argparse, json, os, sys

import psycopg

import rollups
from checks import Checks
from findings import Findings
from journal import Journal, JournalError


def arguments(words=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--journal", required=True, action="append")
    parser.add_argument("--database", required=True)
    parser.add_argument("--frame-topic", required=True)
    parser.add_argument("--control-topic")
    parser.add_argument("--cluster-id", required=True)
    parser.add_argument("--bootstrap")
    parser.add_argument("--kafka-property", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--read-log", action="store_true", help="read every record of the log again")
    parser.add_argument("--ledger-history", help='lines of {"ledger_id", "epoch", "next_offset", "database_generation"}')
    parser.add_argument("--rollups", action="store_true", help="sums of sessions equal those of their samples")
    parser.add_argument("--behind", action="append", type=int, default=[], metavar="PARTITION",
                        help="a partition that is parked: records behind its ledger are not missed")
    parser.add_argument("--may-repeat", action="store_true", help="the producer may have put one send in the log twice")
    return parser.parse_args(words)


def check(connection, options, secret=None):
    """Runs everything in the connection's transaction, which must be new and repeatable read. Returns the findings."""
    findings = Findings()
    connection.execute("SET LOCAL work_mem = '64MB'")
    journal = Journal(connection, secret)
    for path in options.journal:
        journal.load(path)
    if len(options.journal) > 1 and journal.has_changes:
        raise JournalError("changed logs and acknowledgements are compared by their lines: give one journal")
    if options.ledger_history:
        journal.load_history(options.ledger_history)
    checks = Checks(
        connection, findings, options.cluster_id, options.frame_topic, options.control_topic, options.behind,
        options.may_repeat, secret is not None)
    checks.run()
    if options.rollups:
        rollups.check(connection, findings)
    if options.bootstrap:
        from log import Log, LogChecks
        log = Log(options.bootstrap, dict(pair.split("=", 1) for pair in options.kafka_property))
        try:
            logs = LogChecks(checks, log)
            for topic in filter(None, (options.frame_topic, options.control_topic)):
                logs.ends(topic)
            if options.read_log:
                logs.records(options.frame_topic)
        finally:
            log.close()
    return findings


def main():
    options = arguments()
    secret = os.environ.get("LECTERN_PSEUDONYM_SECRET")
    try:
        with psycopg.connect(options.database) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            findings = check(connection, options, secret.encode() if secret else None)
            connection.rollback()
    except (psycopg.Error, JournalError, OSError, RuntimeError) as error:
        print(f"check: {error}", file=sys.stderr)
        return 2
    json.dump(findings.report, sys.stdout)
    print()
    for kind, entry in findings.violations.items():
        print(f"check: {kind}: {entry['count']}, such as {entry['examples']}", file=sys.stderr)
    return 1 if findings.violations else 0


if __name__ == "__main__":
    sys.exit(main())
