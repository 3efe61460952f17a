import PostgresIO
import Testing

@Suite struct PostgresSettingsTests {
  @Test(arguments: [
    "postgresql://u:p%40ss@h:5432/d", "postgres://h/d", "postgresql:///d?host=/run/postgresql", "postgresql://%2Frun/d",
    "postgresql://u@a:1,b:2/d?target_session_attrs=read-write", "postgresql://u:p@[::1]:5432/d",
    "postgresql://u@h/d?application_name=a@b", "postgresql://u:p?w@h/d", "host=h port=5432 password=p@ss user=u@realm",
    "host=a,b port=1,2", "port=''", "",
  ])
  func `an address with its password where it belongs`(url: String) {
    #expect(PostgresSettings(url: url).isWellFormed)
  }

  /// What libpq would look up, connect to or quote, though it is half of a password.
  @Test(arguments: [
    "postgresql://lectern:Wint3r@Tal7@127.0.0.1:55501/c01", "postgresql://u:a@b@c@h/d", "postgresql://u:a@b,c@h/d",
    "postgresql://u:a@b:c@h:5432/d", "postgresql://u:pass/word@h/d", "postgresql://u:12/34@h/d",
    "postgres://u:a@b/c@h/d", "postgresql://u:p@h:port/d", "postgresql://u:p@h:70000/d", "host=u:p@h", "hostaddr=u:p@h",
    "host=h port=x", "postgresql://u:100%@h/d", "nonsense",
  ])
  func `a password in another place`(url: String) {
    #expect(!PostgresSettings(url: url).isWellFormed)
  }
}
