// What Swift's Glibc module leaves out: variadic or syscall-only calls of Linux.
#ifndef LECTERN_CLINUX_SHIM_H
#define LECTERN_CLINUX_SHIM_H

#include <spawn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/// A file descriptor that becomes readable when the process ends; -1 and errno on failure. Close-on-exec by definition.
static inline int lectern_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

/// Names the calling thread as debuggers and `top -H` show it; the kernel keeps the first 15 bytes.
static inline void lectern_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

/// The signal this process gets when the thread that started it ends; 0 for none, -1 and errno on failure.
static inline int lectern_parent_death_signal(void) {
  int signal = 0;
  return prctl(PR_GET_PDEATHSIG, &signal, 0, 0, 0) == 0 ? signal : -1;
}

/// Makes orphaned descendants children of this process (used by tests that must reap them).
static inline int lectern_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

#endif
