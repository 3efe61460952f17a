/// The names and addresses that mean this machine and no other.
package enum Loopback {
  /// True for `localhost` and for every spelling of `::1` and of 127.0.0.0/8 that `NumericAddress` reads. Nothing is
  /// looked up: what is not known is taken for another machine.
  package static func contains(_ host: some StringProtocol) -> Bool {
    host == "localhost" || NumericAddress(String(host))?.isLoopback == true
  }
}
