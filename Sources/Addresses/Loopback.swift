/// The names and addresses that mean this machine and no other.
package enum Loopback {
  /// True for `localhost`, `::1` and 127.0.0.0/8 in four decimal numbers. Nothing is looked up, and other spellings of
  /// the same addresses are not known: what is not known is taken for another machine.
  package static func contains(_ host: some StringProtocol) -> Bool {
    if host == "localhost" || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127"
      && parts.allSatisfy { part in part.utf8.allSatisfy { (0x30...0x39).contains($0) } && UInt8(part) != nil }
  }
}
