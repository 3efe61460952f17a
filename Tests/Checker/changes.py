"""Logs that become others: what was acknowledged of a log that is no more, and what became of it.

A log that lost its tail, or was made again, holds below its cut what it held before, and other records from there on. A
ledger that had read beyond the cut does not fit it: the operator begins a new incarnation, which reads the new log from its
beginning. So the records of the lines between two changes are those of the incarnation that was the newest before the
second, by the audit log's clock. One that the ledger before had read is settled there. One that it had not read is in the
new incarnation, at the same place, if the new log still holds it; else nobody can store it: Kafka acknowledged it and lost
it. That is counted as lost_by_kafka. Whatever the surviving log holds must be there, and is missing otherwise.
"""


def follow(connection, findings):
    """Gives each acknowledgement the incarnation that must have its record, and takes those away that Kafka lost. Returns
    whether any log became another one."""
    partitions = [row[0] for row in connection.execute("SELECT DISTINCT partition FROM change ORDER BY 1")]
    begun = dict(connection.execute("""
        SELECT (detail ->> 'new')::integer, at FROM audit.entry WHERE action = 'ledger.new_incarnation'""").fetchall())
    lost = 0
    for partition in partitions:
        ledgers = connection.execute("""
            SELECT incarnation, ledger_id, next_offset FROM ledger WHERE partition = %s ORDER BY incarnation""",
            (partition,)).fetchall()
        changes = connection.execute("""
            SELECT line, at, cut FROM change WHERE partition = %s ORDER BY line""", (partition,)).fetchall()
        lost += follow_partition(connection, partition, ledgers, changes, begun)
    if partitions:
        findings.counts["log_changes"] = connection.execute("SELECT count(DISTINCT line) FROM change").fetchone()[0]
        findings.counts["lost_by_kafka"] = lost
    return bool(partitions)


def follow_partition(connection, partition, ledgers, changes, begun):
    next_offset = {incarnation: offset for incarnation, _, offset in ledgers}

    def newest(before):
        """The incarnation that was the newest at a time; of the first one nobody wrote down when it began."""
        found = [i for i, ledger, _ in ledgers if before is None or ledger not in begun or begun[ledger] < before]
        return max(found, default=0)

    lost = 0
    for number, (line, _, cut) in enumerate(changes):
        ends = [at for _, at, _ in changes[number:]] + [None]
        before, after = newest(ends[0]), newest(ends[1])
        # What was acknowledged of the new log tells its cut too: a broker may have said it too early.
        first, = connection.execute("""
            SELECT min(off) FROM sent WHERE acked AND partition = %s AND line > %s AND line < %s""",
            (partition, line, changes[number + 1][0] if number + 1 < len(changes) else 1 << 62)).fetchone()
        cut = cut if first is None else min(cut, first)
        here = f"acked AND partition = {partition:d} AND line < {line:d} AND incarnation = {before:d}"
        if after != before:
            # What the ledger has read is settled; it will be a duplicate where the new log still has it.
            here += f" AND off >= {next_offset.get(before, 0):d}"
            connection.execute(f"UPDATE sent SET incarnation = {after:d} WHERE {here} AND off < {cut:d}")
        lost += connection.execute(f"DELETE FROM sent WHERE {here} AND off >= {cut:d}").rowcount
        # Of the lines up to the next change.
        connection.execute(
            "UPDATE sent SET incarnation = %s WHERE acked AND partition = %s AND line > %s", (after, partition, line))
    return lost
