#ifndef LECTERN_ONEDNN_SHIM_H
#define LECTERN_ONEDNN_SHIM_H

#include "version.h"

// Debian's oneDNN runs on GNU OpenMP. Its calls that Lectern needs are declared here, because clang's search path
// has no omp.h of GCC's. The number of threads is a property of the calling thread.
void omp_set_num_threads(int threads);
int omp_get_max_threads(void);
int omp_get_thread_num(void);
int omp_get_num_threads(void);

// What GCC turns `#pragma omp parallel` into (libgomp's ABI since 4.0): runs `body` once on each thread of a team of
// `threads`, the caller among them, and returns when all have ended. The team is the one oneDNN's primitives use.
void GOMP_parallel(void (*body)(void *), void *context, unsigned threads, unsigned flags);

#endif
