import Foundation
import TestSupport

/// A program in a decoder's place that speaks its protocol and does not keep to it: what a decoder might become in the
/// hands of whoever sent the picture.
struct DoubledDecoder {
  enum Manner: String, CaseIterable {
    /// Says that the kernel does not confine it; answers every file with a picture of 2×2 pixels.
    case unconfined
    /// Answers with a picture larger than the memory.
    case huge
    /// Answers with a picture of no pixels.
    case empty
    /// Answers with a picture of a legal size that is not the file's, and would take seconds to be looked at.
    case wide
    /// Looks whether a file or picture before this one is left in the memory, and answers with a picture of 2×2 pixels:
    /// 1 where none is, 255 where one is.
    case peeks
    /// Answers for another frame.
    case stale
    /// Answers with bytes that mean nothing.
    case nonsense
    /// Answers with fewer bytes than an answer has.
    case short
    /// Says again that it is ready.
    case eager
    /// Ends when it is asked.
    case ends
    /// Wipes the memory it shares with the worker, and ends.
    case wipes
    /// Wipes that memory, and stands still.
    case hangs
  }

  let path: String

  /// Writes the program, which needs Python.
  init(_ manner: Manner, python: String) throws {
    path = FileManager.default.temporaryDirectory.appending(path: "lectern-decoder-\(UUID().uuidString)").path
    let text = """
      #!\(python)
      import mmap, socket, struct, sys, time
      manner, bytes_limit, pixels_limit = "\(manner)", int(sys.argv[2]), int(sys.argv[3])
      worker, memory = socket.socket(fileno=3), mmap.mmap(4, bytes_limit + pixels_limit)
      def answer(*words):
          worker.send(struct.pack("<5I", *words).ljust(128, b"\\0"))
      answer(1, 0, 0 if manner == "unconfined" else 1, 0, 0)
      while request := worker.recv(8):
          number, length = struct.unpack("<2I", request)
          place = bytes_limit
          if manner == "peeks":
              rest = memory[length:]
              memory[place:place + 4] = bytes([1 if rest.count(0) == len(rest) else 255]) * 4
              answer(2, number, 2, 2, 0)
              continue
          memory[place:place + 4] = bytes([1, 2, 3, 4])
          if manner == "unconfined": answer(2, number, 2, 2, 0)
          elif manner == "wide": answer(2, number, 16384, 3051, 0)
          elif manner == "huge": answer(2, number, 0xffffffff, 0xffffffff, 0)
          elif manner == "empty": answer(2, number, 0, 7, 0)
          elif manner == "stale": answer(2, number + 1, 2, 2, 0)
          elif manner == "nonsense": worker.send(bytes([255]) * 128)
          elif manner == "short": worker.send(struct.pack("<5I", 2, number, 2, 2, 0))
          elif manner == "eager": answer(1, number, 1, 0, 0)
          elif manner == "ends": sys.exit(0)
          else:
              memory[0:bytes_limit] = bytes(bytes_limit)
              if manner == "wipes": sys.exit(0)
              time.sleep(600)

      """
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
  }

  func remove() { try? FileManager.default.removeItem(atPath: path) }
}
