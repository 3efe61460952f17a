/// Why a worker does not start, in words an operator can act on.
package enum IngestError: Error, Equatable, CustomStringConvertible {
  /// The database's pseudonyms were made under another secret.
  case secretDiffers

  package var description: String {
    switch self {
    case .secretDiffers:
      """
      the pseudonym secret is not the one this database was begun with, which would split every learner in two: \
      set LECTERN_PSEUDONYM_SECRET (or LECTERN_PSEUDONYM_SECRET_FILE) to the secret the other workers use
      """
    }
  }
}
