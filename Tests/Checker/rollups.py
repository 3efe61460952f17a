"""The integers every figure derives from, computed again from the samples by docs/metrics.md, session by session.

Segments are left out on purpose: a session's sums over all its segments do not depend on them. `lectern verify` compares the
rest, with Lectern's own code. Sums of a day whose samples have expired, its partition dropped, are frozen: nothing is left to
compute them from.
"""
import itertools

VISIT_GAP_MS = 60_000


def sums(frames, interval):
    """[frames by status…, classified_ms, expected_ms, w_focused…] of one session's (ms, seq, status, p…) frames."""
    counts, classified, expected, weighted = [0, 0, 0], 0, 0, [0] * 6
    ordered = sorted(frames, key=lambda frame: frame[:2])
    for frame, following in itertools.zip_longest(ordered, ordered[1:]):
        gap = following[0] - frame[0] if following else VISIT_GAP_MS
        weight, span = (min(gap, 2 * interval), gap) if gap < VISIT_GAP_MS else (interval, interval)
        counts[frame[2]] += 1
        expected += span
        if frame[2] == 0:
            classified += weight
            weighted = [total + weight * part for total, part in zip(weighted, frame[3:])]
    return counts + [classified, expected] + weighted


def check(connection, findings):
    """Nothing may be dirty; each session with samples has the sums of its samples."""
    dirty = connection.execute("SELECT count(*) FROM lectern.rollup_dirty").fetchone()[0]
    if dirty:
        findings.add("rollups_dirty", count=dirty)
        return
    kept = {}
    for session, *values in connection.execute("""
        SELECT session_id, sum(classified_frames), sum(no_face_frames), sum(low_quality_frames), sum(classified_ms),
          sum(expected_ms), sum(w_focused), sum(w_distracted), sum(w_curious), sum(w_confused), sum(w_tired), sum(w_happy)
        FROM lectern.session_segment_sum
        WHERE to_regclass('lectern.emotion_sample_' || to_char(session_day, 'YYYYMMDD')) IS NOT NULL
        GROUP BY 1"""):
        kept[session] = [int(value) for value in values]
    with connection.cursor("rollups") as cursor:
        cursor.execute("""
            SELECT e.session_id, coalesce(d.frame_interval_ms, n.frame_interval_ms),
              floor(extract(epoch FROM e.captured_at) * 1000)::bigint, e.seq, e.status,
              e.p_focused, e.p_distracted, e.p_curious, e.p_confused, e.p_tired, e.p_happy
            FROM lectern.emotion_sample e JOIN lectern.session n USING (session_id)
            LEFT JOIN lectern.session_declaration d USING (source_id, external_id) ORDER BY 1""")
        for (session, interval), rows in itertools.groupby(cursor, key=lambda row: row[:2]):
            if kept.pop(session, None) != sums([row[2:] for row in rows], interval):
                findings.add("rollups_differ", {"session": session})
    for session in kept:
        findings.add("rollups_differ", {"session": session})
