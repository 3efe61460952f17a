import Foundation

/// The built program, for tests that run it as its user does; nil where `LECTERN_TEST_EXECUTABLE` names none.
let builtExecutable = ProcessInfo.processInfo.environment["LECTERN_TEST_EXECUTABLE"]
