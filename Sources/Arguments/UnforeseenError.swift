import Foundation

/// What is said of an error that a command did not foresee.
enum UnforeseenError {
  /// The error's own words; of Foundation's, which would name a domain and a number, what the system said and of which
  /// file.
  static func text(_ error: any Error) -> String {
    guard let error = error as? CocoaError else { return "\(error)" }
    let subject = (error.filePath ?? error.url?.path).map { "\($0): " } ?? ""
    let cause = error.underlying as? POSIXError
    return subject + (cause.map { String(cString: strerror($0.code.rawValue)) } ?? error.localizedDescription)
  }
}
