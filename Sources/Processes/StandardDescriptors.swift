import Glibc

/// Descriptors 0, 1 and 2 of this process.
package enum StandardDescriptors {
  /// Opens something for those that this process was started without. Otherwise the next files to be opened get their
  /// numbers, and what is printed goes into a connection or the event loop.
  ///
  /// Reading and writing fail as on closed ones (`EBADF`): data that nobody gets must not pass for written. To be
  /// called before anything else opens a file.
  package static func occupy() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
      // The lowest free number is the one that is asked for, as those below it are taken by now.
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }
}
