-- A line of audit_log: the login, what was decided, who decided, and on what; never an id of the LMS.
CREATE FUNCTION lectern.audit(p_action text, p_by text, p_detail jsonb) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
  INSERT INTO lectern.audit_log (actor, action, detail)
  VALUES (session_user, p_action, p_detail || jsonb_build_object('by', p_by))
$$;
