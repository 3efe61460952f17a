import Foundation
import TextOutput

/// A terminal that is drawn on again and again: the alternate screen without cursor, keys read as they are pressed.
///
/// Leaving restores what the terminal showed before. SIGINT still ends the program; SIGTSTP is
/// switched off, because a stopped program would leave the terminal as it is.
final class LiveTerminal {
  private let console: Console
  private var saved: termios?

  /// Nil unless the console's output is a terminal; keys come from standard input, if that is one too.
  init?(_ console: Console) {
    guard console.output.isTerminal else { return nil }
    self.console = console
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
    console.print("\u{1b}[?1049h\u{1b}[?25l\u{1b}[2J")
  }

  /// Restores the terminal.
  func leave() {
    console.print("\u{1b}[?25h\u{1b}[?1049l")
    if var saved { tcsetattr(STDIN_FILENO, TCSADRAIN, &saved) }
    saved = nil
  }

  /// Columns and rows now; 80 by 24 where the terminal does not say.
  var size: (columns: Int, rows: Int) { console.output.size ?? (80, 24) }

  /// Overwrites the screen without clearing it first, which would flicker. False if the terminal is gone.
  func draw(_ lines: [String]) -> Bool {
    // Each line's rest and all below is cleared; the last line has no break, which would scroll.
    console.print("\u{1b}[H" + lines.joined(separator: "\u{1b}[K\r\n") + "\u{1b}[K\u{1b}[J")
  }

  /// The keys pressed since the last call.
  func keys() -> [UInt8] {
    guard saved != nil else { return [] }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = read(STDIN_FILENO, &bytes, bytes.count)
    return count > 0 ? Array(bytes.prefix(count)) : []
  }
}
