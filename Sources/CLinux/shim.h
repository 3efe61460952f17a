// What Swift's Glibc module leaves out: variadic or syscall-only calls of Linux.
#ifndef LECTERN_CLINUX_SHIM_H
#define LECTERN_CLINUX_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// Declared by the headers only under _GNU_SOURCE, which the importer does not set.
int pipe2(int ends[2], int flags);
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

/// Names the calling thread as debuggers and `top -H` show it; the kernel keeps the first 15 bytes.
static inline void lectern_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

/// Where `lectern_catch_signal` has signals written to.
static int lectern_signal_descriptor = -1;

/// Writes the signal's number, one byte. What it calls may be called in a handler.
static void lectern_note_signal(int number) {
  int reason = errno;
  unsigned char byte = (unsigned char)number;
  if (write(lectern_signal_descriptor, &byte, 1) < 0) { /* So many wait already that one more says nothing. */
  }
  errno = reason;
}

/// Has a signal's number written to `descriptor` each time this process receives it, instead of what the signal does by
/// default; what it did until now is left in `before`. One descriptor serves all signals. Returns 0, or errno.
static inline int lectern_catch_signal(int number, int descriptor, struct sigaction *before) {
  lectern_signal_descriptor = descriptor;
  struct sigaction action;
  sigemptyset(&action.sa_mask);
  action.sa_handler = lectern_note_signal;
  action.sa_flags = SA_RESTART;
  return sigaction(number, &action, before) == 0 ? 0 : errno;
}

/// How many processors the calling thread may run on; -1 and errno on failure.
static inline int lectern_allowed_processors(void) {
  // Room for 8192: the kernel refuses a mask that is shorter than its own.
  unsigned long mask[128];
  long bytes = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
  if (bytes < 0) return -1;
  int count = 0;
  for (unsigned long word = 0; word < (unsigned long)bytes / sizeof mask[0]; word++) count += __builtin_popcountl(mask[word]);
  return count;
}

/// The soft limits on everything that is mapped, and on private memory that can be written, in bytes; the largest
/// number where there is none.
static inline unsigned long lectern_address_space_limit(void) {
  struct rlimit limit;
  return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY ? limit.rlim_cur : ~0ul;
}
static inline unsigned long lectern_data_limit(void) {
  struct rlimit limit;
  return getrlimit(RLIMIT_DATA, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY ? limit.rlim_cur : ~0ul;
}

/// An anonymous file in memory of a size that nobody can change any more, close-on-exec; -1 and errno on failure.
static inline int lectern_sealed_memory(const char *name, long bytes) {
  // MFD_CLOEXEC | MFD_ALLOW_SEALING, and MFD_NOEXEC_SEAL, which kernels before 6.3 do not know and others may insist
  // on.
  int file = (int)syscall(SYS_memfd_create, name, 0x1u | 0x2u | 0x8u);
  if (file < 0 && errno == EINVAL) file = (int)syscall(SYS_memfd_create, name, 0x1u | 0x2u);
  if (file < 0) return -1;
  // F_ADD_SEALS: F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW.
  if (syscall(SYS_ftruncate, file, bytes) != 0 || syscall(SYS_fcntl, file, 1033, 0x1 | 0x2 | 0x4) != 0) {
    int reason = errno;
    close(file);
    errno = reason;
    return -1;
  }
  return file;
}

/// Has the kernel kill this process when the thread that started it ends. Returns 0, or errno.
static inline int lectern_die_with_parent(void) { return prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0) == 0 ? 0 : errno; }

/// Keeps what this process holds in memory out of core dumps, of itself and of what it starts, and out of reach of
/// other programs of the same user. Lasts until another program is executed, the limit beyond that. Returns 0, or
/// errno.
static inline int lectern_keep_memory_private(void) {
  struct rlimit none = {0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) return errno;
  // Where dumps go to a program instead of a file, the kernel does not ask for the limit.
  return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : errno;
}

/// Bounds this process for good: private writable memory in bytes, everything mapped in bytes (which counts what the
/// first does not: shared memory and the stack), open descriptors, no further process or thread (for whoever is not
/// root), nothing written to files, and no core dump, which would hold a learner's picture. Returns 0, or errno.
static inline int lectern_limit_process(unsigned long data_bytes, unsigned long mapped_bytes,
                                        unsigned long descriptors) {
  struct rlimit data = {data_bytes, data_bytes}, mapped = {mapped_bytes, mapped_bytes};
  struct rlimit files = {descriptors, descriptors}, none = {0, 0};
  if (setrlimit(RLIMIT_DATA, &data) != 0 || setrlimit(RLIMIT_AS, &mapped) != 0 || setrlimit(RLIMIT_NOFILE, &files) != 0 ||
      setrlimit(RLIMIT_NPROC, &none) != 0 || setrlimit(RLIMIT_FSIZE, &none) != 0)
    return errno;
  return lectern_keep_memory_private();
}

/// Whether the other end of a socket has taken everything out that was sent to it: 1 or 0, or -1 and errno where the
/// kernel does not say.
static inline int lectern_all_taken(int socket) {
  int left = 0;
  return ioctl(socket, SIOCOUTQ, &left) == 0 ? left == 0 : -1;
}

#if defined(__x86_64__)
#define LECTERN_AUDIT_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define LECTERN_AUDIT_ARCH AUDIT_ARCH_AARCH64
#endif

// What new memory may be: private, so that the limit on it counts it, and no stack that grows, which that leaves out.
#define LECTERN_MEMORY_FLAGS (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE | MAP_POPULATE | MAP_STACK)

/// Leaves this process nothing but computing, its own memory and the descriptors it holds: every other system call
/// fails with EPERM, and none makes memory executable or shared. An error rather than a kill, so that a call that a
/// newer C library tries first is no outage. For a process of one thread. Returns 0, or errno where the kernel has no
/// such filters, ENOSYS on machines other than x86-64 and ARM64.
static inline int lectern_confine_process(void) {
#ifdef LECTERN_AUDIT_ARCH
#define LECTERN_LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define LECTERN_RETURN(action) BPF_STMT(BPF_RET | BPF_K, action)
#define LECTERN_ALLOW(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), LECTERN_RETURN(SECCOMP_RET_ALLOW)
  struct sock_filter filter[] = {
      LECTERN_LOAD(arch),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, LECTERN_AUDIT_ARCH, 1, 0),
      LECTERN_RETURN(SECCOMP_RET_KILL_PROCESS),
      LECTERN_LOAD(nr),
      // With 32-bit pointers on x86-64 the numbers are others: none of them is in the list.
      LECTERN_ALLOW(SYS_recvfrom), LECTERN_ALLOW(SYS_sendto), LECTERN_ALLOW(SYS_read), LECTERN_ALLOW(SYS_write),
      LECTERN_ALLOW(SYS_munmap), LECTERN_ALLOW(SYS_mremap), LECTERN_ALLOW(SYS_brk), LECTERN_ALLOW(SYS_madvise),
      LECTERN_ALLOW(SYS_futex), LECTERN_ALLOW(SYS_sched_yield), LECTERN_ALLOW(SYS_getrandom),
      LECTERN_ALLOW(SYS_clock_gettime), LECTERN_ALLOW(SYS_clock_nanosleep), LECTERN_ALLOW(SYS_gettimeofday),
      LECTERN_ALLOW(SYS_rt_sigaction), LECTERN_ALLOW(SYS_rt_sigprocmask), LECTERN_ALLOW(SYS_rt_sigreturn),
      LECTERN_ALLOW(SYS_sigaltstack), LECTERN_ALLOW(SYS_restart_syscall), LECTERN_ALLOW(SYS_getpid),
      LECTERN_ALLOW(SYS_gettid), LECTERN_ALLOW(SYS_exit), LECTERN_ALLOW(SYS_exit_group),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 3),
      LECTERN_LOAD(args[3]),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, ~(unsigned)LECTERN_MEMORY_FLAGS, 0, 2),
      LECTERN_RETURN(SECCOMP_RET_ERRNO | EPERM),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 3),
      LECTERN_LOAD(args[2]),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0),
      LECTERN_RETURN(SECCOMP_RET_ALLOW),
      LECTERN_RETURN(SECCOMP_RET_ERRNO | EPERM),
  };
#undef LECTERN_LOAD
#undef LECTERN_RETURN
#undef LECTERN_ALLOW
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  // Not seccomp(2): a service manager's own filter may kill for it, and there is one thread only.
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0 ? 0 : errno;
#else
  return ENOSYS;
#endif
}

/// Whether mapping a page in such a way fails for want of permission.
static inline int lectern_is_refused_memory(int protection, int flags) {
  return mmap(0, 4096, protection, flags | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EPERM;
}

/// Whether `lectern_confine_process` does what it says, by trying: files, sockets, programs, processes, signals and
/// memory that is executable, shared or a stack. Every attempt does nothing where it is allowed.
static inline int lectern_is_confined(void) {
  int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (file >= 0 || errno != EPERM) return 0;
  if (socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 || errno != EPERM) return 0;
  // An empty path is no program, and threads cannot share handlers without sharing memory.
  char *const none[] = {0};
  if (syscall(SYS_execve, "", none, none) != -1 || errno != EPERM) return 0;
  if (syscall(SYS_clone, 0x800 /* CLONE_SIGHAND */, 0, 0, 0, 0) != -1 || errno != EPERM) return 0;
  if (kill(getpid(), 0) == 0 || errno != EPERM) return 0;
  return lectern_is_refused_memory(PROT_READ | PROT_EXEC, MAP_PRIVATE) &&
         lectern_is_refused_memory(PROT_READ | PROT_WRITE, MAP_SHARED) &&
         lectern_is_refused_memory(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_GROWSDOWN);
}

#endif
