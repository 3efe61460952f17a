#ifndef LECTERN_ONEDNN_SHIM_H
#define LECTERN_ONEDNN_SHIM_H

#include <oneapi/dnnl/dnnl.h>

// Debian's oneDNN runs on GNU OpenMP. Its two calls that Lectern needs are declared here, because clang's search path
// has no omp.h of GCC's. The number of threads is a property of the calling thread.
void omp_set_num_threads(int threads);
int omp_get_max_threads(void);

// Pointer casts that Swift does not import.

/// "Let the library allocate the buffer."
static inline void *lectern_dnnl_memory_allocate(void) { return DNNL_MEMORY_ALLOCATE; }

/// "No buffer yet."
static inline void *lectern_dnnl_memory_none(void) { return DNNL_MEMORY_NONE; }

#endif
