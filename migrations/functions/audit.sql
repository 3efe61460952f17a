-- A line of audit.entry; who and when are the server's word. `p_by` is who decided, in words, where somebody did.
CREATE FUNCTION lectern.audit(p_action text, p_by text, p_detail jsonb) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
  INSERT INTO audit.entry (action, detail)
  VALUES (p_action, p_detail || jsonb_strip_nulls(jsonb_build_object('by', p_by)))
$$;
