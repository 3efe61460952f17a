import Foundation
import IsolatedDecoding
import Processes
import TestSupport
import Testing
import Vision

extension Program {
  /// What a decoder in other hands can get of the kernel, tried by a small program that is bounded and confined by the
  /// product's own functions.
  @Suite struct DecoderLimitTests {
    /// Confined with 64 MiB beyond what it has, it asks for 512 in each way; prints which ways gave them.
    private static let source = """
      #include "shim.h"
      #include <stdio.h>
      #include <stdlib.h>
      #include <string.h>
      #include <setjmp.h>

      static const size_t size = 512ul << 20;
      static jmp_buf escape;
      static void on_fault(int number) { (void)number; siglongjmp(escape, 1); }

      static void try_map(const char *name, int flags, size_t bytes) {
        char *memory = mmap(0, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
        const char *answer = " refused\\n";
        if (memory != MAP_FAILED && !sigsetjmp(escape, 1)) {
          for (size_t place = bytes; place > 0; place -= 4096) memory[place - 4096] = 1;
          answer = " given\\n";
        }
        if (write(1, name, strlen(name)) < 0 || write(1, answer, strlen(answer)) < 0) _exit(4);
      }

      // The stack's own growth. A page at a time, so that nothing but the limit stands in its way.
      static void try_stack(void) {
        const char *answer = "stack refused\\n";
        if (!sigsetjmp(escape, 1)) {
          char here, *place = &here;
          for (size_t used = 0; used < size; used += 4096) {
            volatile char *touched = (volatile char *)alloca(4096);
            touched[0] = 1;
            place = (char *)touched;
          }
          answer = place ? "stack given\\n" : answer;
        }
        if (write(1, answer, strlen(answer)) < 0) _exit(4);
      }

      int main(void) {
        unsigned long mapped = 0, resident, shared, text, library, data = 0;
        FILE *file = fopen("/proc/self/statm", "r");
        if (!file || fscanf(file, "%lu %lu %lu %lu %lu %lu", &mapped, &resident, &shared, &text, &library, &data) != 6)
          return 2;
        fclose(file);
        static char other_stack[65536];
        stack_t stack = {.ss_sp = other_stack, .ss_size = sizeof other_stack};
        struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK};
        sigaltstack(&stack, 0);
        sigaction(SIGSEGV, &action, 0);
        sigaction(SIGBUS, &action, 0);
        struct rlimit endless = {RLIM_INFINITY, RLIM_INFINITY};
        setrlimit(RLIMIT_STACK, &endless);
        const unsigned long room = 64ul << 20;
        if (lectern_limit_process(data * 4096 + room, mapped * 4096 + room, 8) != 0) return 3;
        if (lectern_confine_process() != 0 || !lectern_is_confined()) return 5;
        try_map("a little", MAP_PRIVATE, 16ul << 20);
        try_map("private", MAP_PRIVATE, size);
        try_map("unreserved", MAP_PRIVATE | MAP_NORESERVE, size);
        try_map("shared", MAP_SHARED, size);
        try_map("growing", MAP_PRIVATE | MAP_GROWSDOWN, size);
        try_stack();
        return 0;
      }
      """

    @Test(.enabled(if: TestTools.path(of: "cc") != nil, "no C compiler"))
    func noKindOfMemoryIsGivenBeyondTheLimit() async throws {
      let folder = FileManager.default.temporaryDirectory.appending(path: "lectern-limits-\(UUID().uuidString)").path
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      try Data(Self.source.utf8).write(to: URL(filePath: "\(folder)/limits.c"))
      let headers = TestTools.root.appending(path: "Sources/CLinux").path
      let compiler = try #require(TestTools.path(of: "cc"))
      let built = try await ProcessLauncher().run(
        ChildCommand(
          compiler, ["-D_GNU_SOURCE", "-O0", "-I", headers, "-o", "\(folder)/limits", "\(folder)/limits.c"]),
        deadline: .seconds(120))
      try #require(built.status.isSuccess, "\(built.errorText)")
      let result = try await ProcessLauncher().run(ChildCommand("\(folder)/limits", []), deadline: .seconds(60))
      #expect(result.status == .exited(0))
      #expect(
        result.outputText
          == "a little given\nprivate refused\nunreserved refused\nshared refused\ngrowing refused\nstack refused\n")
    }

    /// A program that is about to end waits for no decoder, and gives no frame up for that.
    @Test(.enabled(if: builtExecutable != nil, "LECTERN_TEST_EXECUTABLE names no program"))
    func oneThatIsAbandonedCostsNoFrame() async throws {
      let bench = try await IsolatedDecoderTests.Bench { $0.deadline = .seconds(400) }
      async let failure = bench.failure(CostlyPicture.progressive())
      let pid = try #require(await DecoderProcesses.own.waitForWork())
      #expect(kill(pid, SIGSTOP) == 0)
      let begin = ContinuousClock.now
      bench.decoder.abandon()
      #expect(await failure?.code == .noDecoder)
      #expect(ContinuousClock.now - begin < .seconds(15))
      #expect(await bench.failure(try IsolatedDecoderTests.files()[0])?.code == .noDecoder)
      for reason in ["crash", "deadline", "idle", "start"] { #expect(bench.restarts(reason) == 0, "\(reason)") }
      let gone = await DecoderProcesses.wait { DecoderProcesses.own.ids.isEmpty }
      #expect(gone)
    }
  }
}
