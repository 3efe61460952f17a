CREATE FUNCTION lectern.knows_secret(p_fingerprint text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT d.secret_fingerprint = p_fingerprint FROM lectern.deployment d
$$;
COMMENT ON FUNCTION lectern.knows_secret IS
  'Whether the pseudonym secret is this database''s; null where none was given yet. Unlike check_secret it writes nothing.';
GRANT EXECUTE ON FUNCTION lectern.knows_secret TO lectern_ingest, lectern_aggregator;
