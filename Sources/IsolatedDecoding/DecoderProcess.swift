import CLinux
import Glibc
package import Vision

/// The body of a decoder process: descriptor 3 is its socket, 4 the shared memory.
///
/// Runs on the main thread and starts no other. It ends when the worker does, in whatever way: the socket closes, and
/// the kernel kills it should it be in the middle of a frame.
package enum DecoderProcess {
  /// Decodes a file into memory for the largest picture.
  package typealias Decode = (
    _ file: UnsafeBufferPointer<UInt8>, _ pixels: UnsafeMutableBufferPointer<UInt8>
  ) throws(ImageError) -> (width: Int, height: Int)

  private static let socketDescriptor: Int32 = 3
  private static let memoryDescriptor: Int32 = 4

  /// Serves until the worker closes the socket; returns the exit code.
  ///
  /// - Parameters:
  ///   - arguments: behind the command, as ``IsolationSettings`` writes them.
  ///   - trials: small files of every format. A process that cannot decode them once it is confined does not come up:
  ///     better no decoder, which everybody sees, than one that finds every picture broken.
  ///   - makeDecoder: called before the process gives up its rights.
  package static func run(
    _ arguments: [String], trials: [[UInt8]], makeDecoder: (ImageLimits) -> Decode
  ) -> Int32 {
    let numbers = arguments.compactMap { Int($0) }.filter { $0 > 0 }
    guard arguments.count == 4, numbers.count == 4 else { return 64 }
    let limits = ImageLimits(maximumBytes: numbers[0], maximumPixels: numbers[1], maximumSide: numbers[2])
    guard lectern_die_with_parent() == 0,
      let memory = DecoderMemory(descriptor: memoryDescriptor, limits: limits)
    else { return 64 }
    let socket = DecoderSocket(adopting: socketDescriptor)
    close(memoryDescriptor)
    lectern_name_thread("decoder")
    // A service manager sends these to every process of a worker that may still finish its frames.
    for number in [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE] { signal(number, SIG_IGN) }
    let decode = makeDecoder(limits)
    offerToDie()
    let used = memoryInUse()
    let mapped = used.mapped.map { UInt($0 + numbers[3]) } ?? .max
    guard lectern_limit_process(UInt(used.writable + numbers[3]), mapped, 8) == 0 else { return 71 }
    let isConfined = lectern_confine_process() == 0 && lectern_is_confined() != 0
    for trial in trials {
      guard (try? trial.withUnsafeBufferPointer({ try decode($0, memory.pixels) })) != nil else { return 70 }
    }
    guard socket.send(DecoderAnswer(sequence: 0, .ready(isConfined: isConfined)).bytes) else { return 0 }

    while socket.waitForMessage(), case .message(let bytes) = socket.receive(limitBytes: DecoderRequest.byteCount) {
      guard let request = DecoderRequest(bytes), let file = memory.file(byteCount: Int(request.fileBytes)) else {
        return 65
      }
      let content: DecoderAnswer.Content
      do throws(ImageError) {
        let size = try decode(file, memory.pixels)
        content = .picture(width: size.width, height: size.height)
      } catch {
        content = .refused(error)
      }
      let answer = DecoderAnswer(sequence: request.sequence, content)
      guard socket.send(answer.bytes) else { return 0 }
    }
    return 0
  }

  /// Where the machine or a container runs out of memory, the kernel is to end this process and not the worker.
  private static func offerToDie() {
    let descriptor = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    let text = "1000"
    _ = write(descriptor, text, text.utf8.count)
    close(descriptor)
  }

  /// Memory of this process in bytes: private and writable, as `RLIMIT_DATA` counts it, and everything mapped, as
  /// `RLIMIT_AS` does. A guess of the first and none of the second where `/proc` is missing.
  private static func memoryInUse() -> (writable: Int, mapped: Int?) {
    let guess = (writable: 256 << 20, mapped: Int?.none)
    let descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return guess }
    defer { close(descriptor) }
    var text = [UInt8](repeating: 0, count: 256)
    let count = read(descriptor, &text, text.count)
    guard count > 0 else { return guess }
    // Pages: size resident shared text library data dirty.
    let fields = String(decoding: text[..<count], as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard fields.count > 5, let mapped = Int(fields[0]), let writable = Int(fields[5]) else { return guess }
    let page = sysconf(Int32(_SC_PAGESIZE))
    return (writable * page, mapped * page)
  }
}
