import Foundation

/// A terminal that is drawn on again and again: the alternate screen without cursor, keys read as they are pressed.
///
/// Whatever was on the terminal stands there again once it is left. SIGINT stays the user's way out; SIGTSTP is
/// switched off, because a stopped program would leave the terminal as it is.
final class LiveTerminal {
  private var saved: termios?

  /// Nil unless stdout is a terminal.
  init?() {
    guard Terminal.outputIsTerminal else { return nil }
    var attributes = termios()
    if isatty(STDIN_FILENO) == 1, tcgetattr(STDIN_FILENO, &attributes) == 0 {
      saved = attributes
      attributes.c_lflag &= ~tcflag_t(ICANON | ECHO)
      withUnsafeMutableBytes(of: &attributes.c_cc) { characters in
        characters[Int(VMIN)] = 0
        characters[Int(VTIME)] = 0
        characters[Int(VSUSP)] = 0
      }
      tcsetattr(STDIN_FILENO, TCSANOW, &attributes)
    }
    _ = Terminal.write("\u{1b}[?1049h\u{1b}[?25l\u{1b}[2J")
  }

  /// Puts back what was there.
  func leave() {
    _ = Terminal.write("\u{1b}[?25h\u{1b}[?1049l")
    if var saved { tcsetattr(STDIN_FILENO, TCSADRAIN, &saved) }
    saved = nil
  }

  /// Columns and rows now; 80 by 24 where the terminal does not say.
  static var size: (columns: Int, rows: Int) {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// Whether colours are wanted (https://no-color.org).
  static var wantsColour: Bool {
    let environment = ProcessInfo.processInfo.environment
    return (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
  }

  /// Draws over what is there, without clearing first, which would flicker. False if nobody reads.
  func draw(_ lines: [String]) -> Bool {
    // Each line's rest and all below is cleared; the last line has no break, which would scroll.
    Terminal.write("\u{1b}[H" + lines.joined(separator: "\u{1b}[K\r\n") + "\u{1b}[K\u{1b}[J")
  }

  /// The keys pressed since the last call.
  func keys() -> [UInt8] {
    guard saved != nil else { return [] }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = read(STDIN_FILENO, &bytes, bytes.count)
    return count > 0 ? Array(bytes.prefix(count)) : []
  }
}
