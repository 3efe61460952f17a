import COpenSSL

/// HMAC with SHA-256 (RFC 2104) by OpenSSL.
package enum HMACSHA256 {
  /// The 32-byte code of a message under a key.
  package static func authenticate(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { code, count in
      let made = key.withUnsafeBytes { key in
        // OpenSSL takes a null key for "the key of before", so an empty one needs an address.
        HMAC(
          EVP_sha256(), key.baseAddress ?? UnsafeRawPointer(code.baseAddress!), Int32(key.count), message,
          message.count,
          code.baseAddress, nil)
      }
      precondition(made != nil, "HMAC-SHA-256 failed")
      count = SHA256.byteCount
    }
  }

  /// Compares in constant time, so that its duration tells nothing of the place of a difference.
  package static func isEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    a.count == b.count && CRYPTO_memcmp(a, b, a.count) == 0
  }
}
