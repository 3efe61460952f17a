CREATE FUNCTION lectern.note_read(p_by text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM lectern.audit('learner.read', p_by, '{}');
END
$$;
COMMENT ON FUNCTION lectern.note_read IS
  'Leaves a line in the audit log for whoever looks at what is stored of one learner, whom it does not name.';
GRANT EXECUTE ON FUNCTION lectern.note_read TO lectern_ingest, lectern_aggregator;
