// What Swift's Glibc module leaves out: variadic or syscall-only calls of Linux.
#ifndef LECTERN_CLINUX_SHIM_H
#define LECTERN_CLINUX_SHIM_H

#include <spawn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Declared by the headers only under _GNU_SOURCE, which the importer does not set.
int pipe2(int ends[2], int flags);
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

/// An anonymous file in memory, close-on-exec; -1 and errno on failure.
static inline int lectern_memory_file(const char *name) { return (int)syscall(SYS_memfd_create, name, 1u); }

/// Names the calling thread as debuggers and `top -H` show it; the kernel keeps the first 15 bytes.
static inline void lectern_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

/// The signal this process gets when the thread that started it ends; 0 for none, -1 and errno on failure.
static inline int lectern_parent_death_signal(void) {
  int signal = 0;
  return prctl(PR_GET_PDEATHSIG, &signal, 0, 0, 0) == 0 ? signal : -1;
}

#endif
