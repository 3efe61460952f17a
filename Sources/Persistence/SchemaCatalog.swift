import PostgresIO

/// What the database's own catalog says of the functions and views of Lectern's schemas.
struct SchemaCatalog: Sendable {
  struct Object: Sendable {
    /// A hash of everything that makes the object what it is, see `SchemaCatalog.sql`.
    let fingerprint: String
    /// What drops it: several statements for a function that was overloaded.
    let drops: [String]
  }

  /// By the name that its file has, such as `functions/store`.
  let objects: [String: Object]

  /// Reads the catalog. Needs no privilege, and `pg_catalog` as the search path, which decides how names are written.
  init(_ connection: isolated PostgresConnection) throws(PostgresError) {
    var objects: [String: Object] = [:]
    for row in try connection.query(Self.sql, [.texts(DatabaseRole.allCases.map(\.rawValue))]) {
      objects[try row.decode(at: 0)] = Object(fingerprint: try row.decode(at: 1), drops: try row.decode(at: 2))
    }
    self.objects = objects
  }

  /// The fields of the catalog rather than `pg_get_functiondef`, whose form is another in other versions of the server.
  /// Comments are left out. Of the grants those to Lectern's own roles and to everybody are in: a deployment may give
  /// more.
  private static let sql = """
    WITH role AS (
      SELECT 0::oid AS oid, 'PUBLIC' AS name
      UNION ALL
      SELECT oid, rolname FROM pg_roles WHERE rolname = ANY ($1::text[])
    ), object AS (
      SELECT 'functions/' || p.proname AS name, 'DROP ROUTINE ' || p.oid::regprocedure AS dropping,
        ROW(p.prokind, l.lanname, p.prosecdef, p.proleakproof, p.proisstrict, p.proretset, p.provolatile, p.proparallel,
          p.procost, p.prorows, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), p.prosrc, p.proconfig,
          pg_get_userbyid(p.proowner),
          ARRAY(SELECT r.name || ' ' || a.privilege_type
                FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a JOIN role r ON r.oid = a.grantee
                ORDER BY 1))::text AS text
      FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
      WHERE p.pronamespace = to_regnamespace('lectern')
      UNION ALL
      SELECT format('views/%s.%s', n.nspname, c.relname), 'DROP VIEW ' || c.oid::regclass,
        ROW(pg_get_viewdef(c.oid), c.reloptions, pg_get_userbyid(c.relowner),
          ARRAY(SELECT r.name || ' ' || a.privilege_type
                FROM aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a JOIN role r ON r.oid = a.grantee
                ORDER BY 1))::text
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'v' AND n.nspname IN ('lectern', 'analytics')
    )
    SELECT o.name::text, encode(sha256(convert_to(string_agg(o.text, ' ' ORDER BY o.text), 'UTF8')), 'hex'),
      array_agg(o.dropping)
    FROM object o GROUP BY o.name
    """
}
