/// Formats that are given by mistake for safetensors, by the first bytes of a file.
enum ForeignFile: CaseIterable {
  case pytorchArchive, pickle, hdf5, gzip, gitPointer, webPage

  init?(_ head: [UInt8]) {
    guard let found = Self.allCases.first(where: { kind in kind.magic.contains { head.starts(with: $0) } }) else {
      return nil
    }
    self = found
  }

  private var magic: [[UInt8]] {
    switch self {
    case .pytorchArchive: [Array("PK\u{3}\u{4}".utf8)]
    // Protocols 2 to 5; as a header's length either would be followed by zeros.
    case .pickle: (2...5).flatMap { version in [0x8A, 0x7D, 0x63, 0x95].map { [0x80, version, $0] } }
    case .hdf5: [[0x89] + Array("HDF".utf8)]
    case .gzip: [[0x1F, 0x8B, 0x08]]
    case .gitPointer: [Array("version ".utf8)]
    case .webPage: [Array("<!".utf8), Array("<html".utf8), Array("<?xml".utf8)]
    }
  }

  /// How PyTorch's own files become safetensors.
  private static let conversion = """
    Convert it with PyTorch and the safetensors Python package:
      python3 -c "import torch, safetensors.torch as s; \
    s.save_file(torch.load('IN.pth', map_location='cpu', weights_only=True), 'OUT.safetensors')"
    """

  func refusal(of path: String) -> ImportError {
    let what =
      switch self {
      case .pytorchArchive: "a zip archive, as PyTorch's .pth and .pt files are, not safetensors. \(Self.conversion)"
      case .pickle: "a Python pickle, as old PyTorch's .pth files are, not safetensors. \(Self.conversion)"
      case .hdf5: "an HDF5 file, as Keras writes, not safetensors; take torchvision's or timm's weights"
      case .gzip: "compressed with gzip; unpack it first"
      case .gitPointer: "a Git LFS pointer, not the file itself; fetch it with 'git lfs pull'"
      case .webPage: "a web page, not safetensors; the download went wrong"
      }
    return ImportError(.format, "\(path) is \(what)")
  }
}
