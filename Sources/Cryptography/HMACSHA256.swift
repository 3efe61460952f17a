import COpenSSL

/// HMAC with SHA-256 (RFC 2104) by OpenSSL, under one key that is prepared once: looking up the algorithm and hashing
/// the key cost more than a short message does.
///
/// `@unchecked Sendable`: the prepared context never changes; every message works on a copy of its own, and
/// `EVP_MAC_CTX_dup` only reads its source.
package final class HMACSHA256: @unchecked Sendable {
  private let prepared: OpaquePointer

  /// Adopts a key of any length, also an empty one.
  package init(key: [UInt8]) {
    let algorithm = EVP_MAC_fetch(nil, "HMAC", nil)
    defer { EVP_MAC_free(algorithm) }
    guard let context = EVP_MAC_CTX_new(algorithm) else { preconditionFailure("OpenSSL has no HMAC") }
    var digest = Array("SHA256".utf8CString)
    let isReady = digest.withUnsafeMutableBufferPointer { digest in
      let parameters = [
        OSSL_PARAM_construct_utf8_string("digest", digest.baseAddress, 0), OSSL_PARAM_construct_end(),
      ]
      // A null key means "the key of before", so an empty one needs an address.
      return key.isEmpty
        ? EVP_MAC_init(context, [0], 0, parameters) : EVP_MAC_init(context, key, key.count, parameters)
    }
    // Fails only where SHA-256 is missing from the library, which no build of OpenSSL 3 allows.
    precondition(isReady == 1, "OpenSSL has no HMAC-SHA-256")
    prepared = context
  }

  deinit { EVP_MAC_CTX_free(prepared) }

  /// The 32-byte code of a message.
  package func authenticate(_ message: [UInt8]) -> [UInt8] {
    let context = EVP_MAC_CTX_dup(prepared)
    defer { EVP_MAC_CTX_free(context) }
    return [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { code, count in
      let isMade =
        EVP_MAC_update(context, message, message.count) == 1
        && EVP_MAC_final(context, code.baseAddress, &count, SHA256.byteCount) == 1
      precondition(isMade, "HMAC-SHA-256 failed")
    }
  }
}
