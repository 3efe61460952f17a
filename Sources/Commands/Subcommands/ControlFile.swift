import Arguments
import Cryptography
import Files
import LearningEvents
import Persistence
import PlainText

/// Files of control events.
enum ControlFile {
  /// The number of values that a file may hold bounds it before that.
  private static let limitBytes = 1 << 30

  /// What a file holds.
  static func bytes(of file: FilePath) throws -> [UInt8] {
    do throws(FileError) {
      return try file.contents(limit: limitBytes)
    } catch {
      throw UsageError(error.sentence(about: file.text.printable))
    }
  }

  /// Every event of the files, in their order; nothing is applied unless all of them are good.
  static func rows(
    in files: [FilePath], at now: EventTime, pseudonymizer: LearnerPseudonymizer, consent: Bool
  ) throws -> [ControlRow] {
    var rows: [ControlRow] = []
    for file in files {
      let name = file.text.printable
      let bytes = try bytes(of: file)
      do throws(EventError) {
        let events = bytes.withUnsafeBytes { bytes in
          Result { () throws(EventError) in try ControlEvent.decode(batch: bytes) }
        }
        for event in try events.get() {
          if case .consent = event, !consent {
            throw EventError("type", "a consent event: use 'lectern consent import'")
          }
          try event.check(recordedAt: now)
          rows.append(ControlRow(event, recordedAt: now, pseudonymizer: pseudonymizer))
        }
      } catch {
        throw UsageError("\(name) holds no valid events: \(error.detail)")
      }
    }
    return rows
  }
}
