import Arguments
import ArgumentsTestSupport
import TextOutput

/// What a command prints of a value with `--json`.
func printedJSON(_ value: some Encodable) throws -> String {
  let console = MemoryConsole()
  try console.environment.console.print(json: value)
  return console.output.text
}
