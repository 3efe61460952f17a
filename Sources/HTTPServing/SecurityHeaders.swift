/// The headers that keep a page to itself: no script, no frame, nothing from elsewhere, nothing left behind.
enum SecurityHeaders {
  private static let fields = [
    // Pages get their styles from this server alone, and run nothing.
    (
      "Content-Security-Policy",
      "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), interest-cohort=()"),
    // Figures about people: a shared cache must not keep them, and a browser asks again each time.
    ("Cache-Control", "private, no-cache"),
  ]

  /// Adds what the answer does not set itself.
  static func apply(to headers: inout HTTPHeaders) {
    for (name, value) in fields where headers[name] == nil { headers[name] = value }
  }
}
