/// Formats that are given by mistake for safetensors.
enum ForeignFile {
  /// The first bytes of a format, and what a file that begins with them is.
  private static let formats: [(magic: [[UInt8]], what: String)] = [
    (
      [Array("PK\u{3}\u{4}".utf8)],
      "a zip archive, as PyTorch's .pth and .pt files are, not safetensors. \(conversion)"
    ),
    (pickles, "a Python pickle, as old PyTorch's .pth files are, not safetensors. \(conversion)"),
    (
      [[0x89] + Array("HDF".utf8)],
      "an HDF5 file, as Keras writes, not safetensors; take torchvision's or timm's weights"
    ),
    ([[0x1F, 0x8B, 0x08]], "compressed with gzip; unpack it first"),
    ([Array("version ".utf8)], "a Git LFS pointer, not the file itself; fetch it with 'git lfs pull'"),
    (
      [Array("<!".utf8), Array("<html".utf8), Array("<?xml".utf8)],
      "a web page, not safetensors; the download went wrong"
    ),
  ]

  /// Protocols 2 to 5; as a header's length either would be followed by zeros.
  private static let pickles: [[UInt8]] = (2...5).flatMap { version in
    [0x8A, 0x7D, 0x63, 0x95].map { [0x80, version, $0] }
  }

  /// How PyTorch's own files become safetensors.
  private static let conversion = """
    Convert it with PyTorch and the safetensors Python package:
      python3 -c "import torch, safetensors.torch as s; \
    s.save_file(torch.load('IN.pth', map_location='cpu', weights_only=True), 'OUT.safetensors')"
    """

  /// Why a file that begins with `head` is refused; nil where it may be safetensors.
  static func refusal(of path: String, _ head: [UInt8]) -> ImportError? {
    formats.first { format in format.magic.contains { head.starts(with: $0) } }
      .map { ImportError(.format, "\(path) is \($0.what)") }
  }
}
