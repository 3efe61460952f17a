import Vision

/// A failure of OpenCV or of its data files. The message is safe to log.
package struct OpenCVError: VisionFailure, Sendable, Hashable, CustomStringConvertible {
  package enum Code: String, Sendable, Hashable {
    /// No cascade file in the usual places.
    case cascadeNotFound
    /// The given cascade file is missing or no cascade.
    case cascadeUnreadable
    /// OpenCV threw; the same call on the same picture fails again.
    case failed
    case outOfMemory
  }

  package let code: Code
  package let message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var isOfProcess: Bool { code != .failed }

  package var description: String { "\(code.rawValue): \(message)" }
}
