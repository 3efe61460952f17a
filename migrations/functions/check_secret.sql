CREATE FUNCTION lectern.check_secret(p_fingerprint text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO lectern.deployment (secret_fingerprint) VALUES (p_fingerprint) ON CONFLICT (singleton) DO NOTHING;
  RETURN EXISTS (SELECT FROM lectern.deployment d WHERE d.secret_fingerprint = p_fingerprint);
END
$$;
COMMENT ON FUNCTION lectern.check_secret IS
  'True if the pseudonym secret is this database''s; the first secret that asks becomes it.';
GRANT EXECUTE ON FUNCTION lectern.check_secret TO lectern_ingest, lectern_aggregator;
