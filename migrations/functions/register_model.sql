CREATE FUNCTION lectern.register_model(
  p_hash text, p_labels text[], p_trained boolean, p_calibration jsonb, p_evaluation jsonb) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_model integer;
BEGIN
  INSERT INTO lectern.model (hash, labels, trained, calibration, evaluation)
  VALUES (p_hash, p_labels, p_trained, p_calibration, p_evaluation)
  ON CONFLICT (hash) DO NOTHING;
  SELECT m.model_id INTO STRICT v_model FROM lectern.model m WHERE m.hash = p_hash;
  RETURN v_model;
END
$$;
COMMENT ON FUNCTION lectern.register_model IS 'Makes a model bundle known, once, and returns its key for samples.';
GRANT EXECUTE ON FUNCTION lectern.register_model TO lectern_ingest;
