-- Dirties the sessions of a course, or one session, as far as their samples live: older sums are frozen.
--
-- It waits for aggregators of these courses, and they for it. Otherwise an aggregator that took the entry of a session
-- which opened meanwhile would compute it with the course as it was before the edit, and nothing would dirty it again.
CREATE FUNCTION lectern.dirty_sessions(p_course bigint, p_session bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM lectern.lock_courses(
    ARRAY[p_course, (SELECT n.course_id FROM lectern.session n WHERE n.session_id = p_session)]);
  INSERT INTO lectern.rollup_dirty (course_id, session_day, session_id)
  SELECT n.course_id, n.session_day, n.session_id
  FROM lectern.session n
  WHERE (n.course_id = p_course OR p_course IS NULL) AND (n.session_id = p_session OR p_session IS NULL)
    AND EXISTS (SELECT FROM lectern.emotion_sample e
                WHERE e.session_day = n.session_day AND e.session_id = n.session_id);
END
$$;
