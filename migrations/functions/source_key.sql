-- The key of an LMS, which it gets when it is first named.
CREATE FUNCTION lectern.source_key(p_uri text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_source integer;
BEGIN
  SELECT s.source_id INTO v_source FROM lectern.source s WHERE s.uri = p_uri;
  IF NOT FOUND THEN
    INSERT INTO lectern.source (uri) VALUES (p_uri) ON CONFLICT (uri) DO NOTHING;
    SELECT s.source_id INTO STRICT v_source FROM lectern.source s WHERE s.uri = p_uri;
  END IF;
  RETURN v_source;
END
$$;
