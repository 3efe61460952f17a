import Foundation

/// Facts of the machine this program runs on.
enum Machine {
  /// Cores this process may use.
  static var coreCount: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }
}
