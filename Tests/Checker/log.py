"""The Kafka log itself, as far as it still holds its records: read again, record by record."""
from confluent_kafka import Consumer, KafkaError, TopicPartition

import formats

TIMEOUT = 20.0


class Log:
    def __init__(self, bootstrap, properties):
        self.consumer = Consumer({
            "bootstrap.servers": bootstrap, "group.id": "lectern-checker", "enable.auto.commit": False,
            "enable.partition.eof": True, "auto.offset.reset": "error", **properties})

    def close(self):
        self.consumer.close()

    def ends(self, topic):
        """{partition: (first offset still there, end)}"""
        found = self.consumer.list_topics(topic, TIMEOUT).topics[topic]
        if found.error is not None:
            return {}
        return {number: self.consumer.get_watermark_offsets(TopicPartition(topic, number), TIMEOUT)
                for number in found.partitions}

    def records(self, topic, partition, low, high):
        """The records in [low, high), in order; offsets without a record (markers, compaction) do not appear."""
        if low >= high:
            return
        self.consumer.assign([TopicPartition(topic, partition, low)])
        while True:
            message = self.consumer.poll(TIMEOUT)
            if message is None:
                raise TimeoutError(f"{topic}[{partition}]: no answer")
            if message.error() is not None:
                if message.error().code() == KafkaError._PARTITION_EOF:
                    return
                raise RuntimeError(str(message.error()))
            if message.offset() >= high:
                return
            yield message


class LogChecks:
    """Compares ledgers with where the logs end and, if asked, every record with what became of it."""

    def __init__(self, checks, log):
        self.checks, self.findings, self.log = checks, checks.findings, log

    def ends(self, topic):
        behind = self.checks.names["behind"]
        rows = self.checks.connection.execute("""
            SELECT DISTINCT ON (partition) partition, next_offset FROM lectern.ingest_ledger
            WHERE cluster_id = %s AND topic = %s ORDER BY partition, incarnation DESC""",
            (self.checks.names["cluster"], topic))
        ledgers = dict(rows.fetchall())
        for partition, (_, end) in self.log.ends(topic).items():
            reached = ledgers.get(partition, 0)
            if reached != end and not (partition in behind and topic == self.checks.names["frames"]):
                self.findings.add("not_at_the_end", {
                    "topic": topic, "partition": partition, "ledger": reached, "end": end})

    def records(self, topic):
        """Every record of the newest incarnation's log is one that was sent, and is a row or one of the duplicates."""
        connection = self.checks.connection
        connection.execute("""
            CREATE TEMPORARY TABLE seen (
              ledger_id integer, off bigint, source text, session text, seq integer, body bytea)""")
        ledgers = connection.execute("""
            SELECT DISTINCT ON (partition) partition, ledger_id, first_offset, next_offset FROM ledger
            ORDER BY partition, incarnation DESC""").fetchall()
        ends, ranges = self.log.ends(topic), []
        with connection.cursor() as cursor, cursor.copy("COPY seen FROM STDIN") as copy:
            for partition, ledger, first, last in ledgers:
                low, high = ends.get(partition, (0, 0))
                low, high = max(low, first), min(high, last)
                ranges.append((ledger, low, high))
                for message in self.log.records(topic, partition, low, high):
                    copy.write_row((ledger, message.offset(), *formats.frame(message.headers(), message.value())))
        connection.execute("CREATE INDEX ON seen (ledger_id, off)")
        connection.execute("ANALYZE seen")
        self.findings.counts["records_read"] = self.checks.number("SELECT count(*) FROM seen")
        self.checks.wrong("record_nobody_sent", """
            SELECT x.ledger_id, x.off FROM seen x WHERE NOT EXISTS (
              SELECT FROM open_send o WHERE o.body = x.body AND o.source IS NOT DISTINCT FROM x.source
                AND o.session IS NOT DISTINCT FROM x.session AND o.seq IS NOT DISTINCT FROM x.seq)""")
        self.checks.wrong("another_frame", """
            SELECT x.ledger_id, x.off FROM seen x JOIN stored e ON e.ledger_id = x.ledger_id AND e.log_offset = x.off
            WHERE (e.source, e.session, e.seq) IS DISTINCT FROM (x.source, x.session, x.seq)""")
        for ledger, low, high in ranges:
            self.account(ledger, low, high)

    def account(self, ledger, low, high):
        """Counts one ledger's records without a row, and offsets without a record."""
        first, last, duplicates, removed, skipped, lost = self.checks.connection.execute("""
            SELECT first_offset, next_offset, duplicates, erased + expired, skipped, lost FROM ledger
            WHERE ledger_id = %s""", (ledger,)).fetchone()
        stray = self.checks.connection.execute("""
            SELECT r.log_offset FROM (
              SELECT ledger_id, log_offset FROM stored UNION ALL SELECT ledger_id, log_offset FROM lectern.ingest_reject) r
            WHERE r.ledger_id = %s AND r.log_offset >= %s AND r.log_offset < %s AND NOT EXISTS (
              SELECT FROM seen x WHERE x.ledger_id = r.ledger_id AND x.off = r.log_offset)""", (ledger, low, high))
        for (offset,) in stray:
            self.findings.add("row_without_a_record", {"ledger": ledger, "offset": offset})
        if (low, high) != (first, last) or lost:
            return  # part of the log has gone: what cannot be seen cannot be counted
        seen, rowless = self.checks.connection.execute("""
            SELECT count(*), count(*) FILTER (WHERE NOT EXISTS (
                SELECT FROM stored e WHERE e.ledger_id = x.ledger_id AND e.log_offset = x.off)
              AND NOT EXISTS (
                SELECT FROM lectern.ingest_reject r WHERE r.ledger_id = x.ledger_id AND r.log_offset = x.off))
            FROM seen x WHERE x.ledger_id = %s""", (ledger,)).fetchone()
        if rowless != duplicates + removed:
            self.findings.add("duplicates_miscounted", {
                "ledger": ledger, "records_without_a_row": rowless, "counted": duplicates, "erased": removed})
        if high - low - seen != skipped:
            self.findings.add("skipped_miscounted", {
                "ledger": ledger, "offsets_without_a_record": high - low - seen, "counted": skipped})
