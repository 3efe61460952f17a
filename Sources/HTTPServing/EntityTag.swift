import StableHashing

/// Entity tags: a short name for the bytes of an answer.
enum EntityTag {
  /// A strong tag of `body`: its length and 64 bits of FNV-1a. It need not resist forgery, as a client that lies about
  /// the tag it holds only denies itself the page.
  static func tag(of body: [UInt8]) -> String {
    "\"\(String(body.count, radix: 16))-\(String(FNV1a(body).value, radix: 16))\""
  }

  /// Whether an `If-None-Match` value names `tag`, compared weakly as that header asks.
  static func matches(_ header: String, _ tag: String) -> Bool {
    header.split(separator: ",").contains { part in
      let candidate = part.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed()
      let spelled = String(candidate)
      return spelled == "*" || spelled == tag || spelled == "W/" + tag
    }
  }
}
