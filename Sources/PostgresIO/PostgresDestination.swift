import Addresses
import CPostgres

/// Where libpq connects and how the server proves who it is: the connection string, completed by the environment and by
/// what libpq was built with, as libpq itself does. Connects to nothing.
package struct PostgresDestination: Sendable, Equatable {
  /// Whether every server is reached by a loopback address or a Unix socket.
  package let isOnThisMachine: Bool
  /// Whether every server on another machine has to prove by TLS that it is the one that was named.
  package let verifiesServer: Bool

  /// Nil for a string that libpq cannot read.
  ///
  /// A service (`service=`, `PGSERVICE`) is a file that may name any host: with one, nothing is taken to be on this
  /// machine.
  ///
  /// - Parameter environment: the process's variables, of which libpq heeds `PGHOST`, `PGHOSTADDR` and others.
  package init?(url: String, environment: [String: String]) {
    guard let options = PQconninfoParse(url, nil) else { return nil }
    defer { PQconninfoFree(options) }
    /// As libpq finds it: what was written, else the variable, else what was built in.
    func value(_ keyword: String) -> String {
      var option = options
      while let name = option.pointee.keyword {
        if String(cString: name) == keyword {
          if let written = option.pointee.val { return String(cString: written) }
          let variable = option.pointee.envvar.flatMap { environment[String(cString: $0)] }
          return variable ?? option.pointee.compiled.map { String(cString: $0) } ?? ""
        }
        option += 1
      }
      return ""
    }
    // Where both are given, libpq connects to the address and asks the certificate for the host: either may lead away.
    let hosts = ["host", "hostaddr"].flatMap { value($0).split(separator: ",") }
    isOnThisMachine = value("service").isEmpty && hosts.allSatisfy(Self.isHere)
    verifiesServer = isOnThisMachine || value("sslmode") == "verify-full"
  }

  /// A path and a name that begins with `@` are Unix sockets; with no host at all libpq takes one as well.
  private static func isHere(_ host: Substring) -> Bool {
    host.hasPrefix("/") || host.hasPrefix("@") || Loopback.contains(host)
  }
}
