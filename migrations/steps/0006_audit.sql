-- An audit log that those whom it records cannot change, and a role for those who show reports. The log has an owner
-- of its own, and a schema too, since who owns a schema may drop what is in it. The owner has no members: the user who
-- migrates must be allowed to take it on here, and gives it back where that was given here.

RESET ROLE;

DO $$
DECLARE
  v_role text;
BEGIN
  BEGIN
    FOREACH v_role IN ARRAY ARRAY['lectern_audit_owner', 'lectern_auditor', 'lectern_reader'] LOOP
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = v_role) THEN
        BEGIN
          EXECUTE format('CREATE ROLE %I NOLOGIN', v_role);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
          NULL;
        END;
      END IF;
    END LOOP;
    IF NOT pg_has_role(current_user, 'lectern_audit_owner', CASE
        WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END) THEN
      EXECUTE format('GRANT lectern_audit_owner TO %I', current_user);
      PERFORM set_config('lectern.was_given', 'lectern_audit_owner', true);
    END IF;
  EXCEPTION WHEN insufficient_privilege THEN
    RAISE insufficient_privilege USING MESSAGE = format(
      'have an administrator run (those roles that are missing) "CREATE ROLE lectern_reader; CREATE ROLE '
      'lectern_auditor; CREATE ROLE lectern_audit_owner; GRANT lectern_audit_owner TO %1$I", then migrate again, then '
      '"REVOKE lectern_audit_owner FROM %1$I"', current_user);
  END;
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO lectern_auditor, lectern_reader', current_database());
END
$$;

CREATE SCHEMA audit AUTHORIZATION lectern_audit_owner;

SET LOCAL ROLE lectern_audit_owner;

COMMENT ON SCHEMA audit IS 'Who did what about people. Nobody changes or deletes a line.';

CREATE TABLE audit.entry (
  entry_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor     text NOT NULL DEFAULT session_user,
  action    text NOT NULL,
  detail    jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE audit.entry IS
  'Written by lectern.audit() alone; holds no learner''s id, neither the LMS''s nor a pseudonym. It does not expire.';
COMMENT ON COLUMN audit.entry.actor IS 'The login, whatever role it took on.';

-- Of these two columns alone: the server says who and when.
GRANT USAGE ON SCHEMA audit TO lectern_migrator, lectern_auditor;
GRANT INSERT (action, detail) ON audit.entry TO lectern_migrator;
GRANT SELECT ON audit.entry TO lectern_migrator, lectern_auditor;

-- What was logged before.
SET LOCAL ROLE lectern_migrator;
GRANT USAGE ON SCHEMA lectern TO lectern_audit_owner;
GRANT SELECT ON lectern.audit_log TO lectern_audit_owner;
SET LOCAL ROLE lectern_audit_owner;
INSERT INTO audit.entry (at, actor, action, detail)
SELECT at, actor, action, detail FROM lectern.audit_log ORDER BY audit_id;
SET LOCAL ROLE lectern_migrator;
DROP TABLE lectern.audit_log;
REVOKE USAGE ON SCHEMA lectern FROM lectern_audit_owner;

-- Reports and pages of a whole deployment: what was released, and nothing else.
GRANT USAGE ON SCHEMA lectern TO lectern_reader;
GRANT SELECT ON lectern.schema_migration, lectern.schema_definition, lectern.course, lectern.segment,
  lectern.released_segment, lectern.released_minute TO lectern_reader;
CREATE POLICY reader ON lectern.released_segment FOR SELECT TO lectern_reader USING (true);
CREATE POLICY reader ON lectern.released_minute FOR SELECT TO lectern_reader USING (true);

RESET ROLE;

DO $$
BEGIN
  IF current_setting('lectern.was_given', true) = 'lectern_audit_owner' THEN
    EXECUTE format('REVOKE lectern_audit_owner FROM %I', current_user);
  END IF;
END
$$;
