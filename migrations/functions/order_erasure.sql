CREATE FUNCTION lectern.order_erasure(p_learner uuid, p_by text, OUT erasure_id bigint, OUT cutoff timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  SELECT e.erasure_id, e.cutoff INTO order_erasure.erasure_id, order_erasure.cutoff
  FROM lectern.erase_learner(p_learner) e;
  PERFORM lectern.audit('erase', p_by, jsonb_build_object('erasure', order_erasure.erasure_id));
END
$$;
COMMENT ON FUNCTION lectern.order_erasure IS 'erase_learner, with a line in the audit log.';
GRANT EXECUTE ON FUNCTION lectern.order_erasure TO lectern_aggregator;
