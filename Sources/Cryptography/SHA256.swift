import COpenSSL

/// SHA-256 by OpenSSL.
package enum SHA256 {
  /// The length of a digest in bytes.
  package static let byteCount = 32

  /// Looked up once: that costs more than hashing a kilobyte. OpenSSL's algorithms never change and may be shared.
  nonisolated(unsafe) private static let algorithm: OpaquePointer = {
    // Fails only where SHA-256 is missing from the library, which no build of OpenSSL 3 allows.
    guard let algorithm = EVP_MD_fetch(nil, "SHA256", nil) else { preconditionFailure("OpenSSL has no SHA-256") }
    return algorithm
  }()

  /// The 32-byte digest of some bytes.
  package static func hash(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: byteCount) { digest, count in
      precondition(
        EVP_Digest(bytes.baseAddress, bytes.count, digest.baseAddress, nil, algorithm, nil) == 1)
      count = byteCount
    }
  }

  /// The 32-byte digest of some bytes.
  package static func hash(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { hash($0) } }
}

/// SHA-256 over bytes that come in parts, such as a large file. One owner, one thread at a time.
package struct SHA256Stream: ~Copyable {
  private let context: OpaquePointer

  package init() {
    context = EVP_MD_CTX_new()
    precondition(EVP_DigestInit_ex2(context, EVP_sha256(), nil) == 1)
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Takes the next bytes.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    precondition(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1)
  }

  /// The 32-byte digest of all bytes taken.
  package consuming func finish() -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { digest, count in
      precondition(EVP_DigestFinal_ex(context, digest.baseAddress, nil) == 1)
      count = SHA256.byteCount
    }
  }
}
