import Commands
import Dispatch

@main
enum Main {
  // Not async: Swift's runtime would open descriptors before the first line.
  static func main() {
    LecternProgram.start()
    dispatchMain()
  }
}
