internal import COneDNN

/// Facts of the oneDNN library in use, for whoever reports a time.
package enum OneDNNLibrary {
  /// Such as `2.6.3`.
  package static var version: String {
    guard let version = dnnl_version()?.pointee else { return "unknown" }
    return "\(version.major).\(version.minor).\(version.patch)"
  }

  /// The widest instructions it uses on this processor, such as `avx2`.
  package static var instructions: String { String(cString: lectern_dnnl_instructions()) }
}
