internal import COneDNN

/// Facts of the oneDNN library in use, for whoever reports a time.
package enum OneDNNLibrary {
  /// Such as `2.6.3`.
  package static var version: String {
    guard let version = dnnl_version()?.pointee else { return "unknown" }
    return "\(version.major).\(version.minor).\(version.patch)"
  }

  /// The widest instructions it uses on this processor, such as `avx2`.
  package static var instructions: String {
    switch dnnl_get_effective_cpu_isa() {
    case dnnl_cpu_isa_sse41: "sse41"
    case dnnl_cpu_isa_avx: "avx"
    case dnnl_cpu_isa_avx2: "avx2"
    case dnnl_cpu_isa_avx2_vnni: "avx2_vnni"
    case dnnl_cpu_isa_avx512_mic: "avx512_mic"
    case dnnl_cpu_isa_avx512_mic_4ops: "avx512_mic_4ops"
    case dnnl_cpu_isa_avx512_core: "avx512_core"
    case dnnl_cpu_isa_avx512_core_vnni: "avx512_core_vnni"
    case dnnl_cpu_isa_avx512_core_bf16: "avx512_core_bf16"
    case dnnl_cpu_isa_avx512_core_amx: "avx512_core_amx"
    default: "other"
    }
  }
}
