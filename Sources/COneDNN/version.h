#ifndef LECTERN_ONEDNN_VERSION_H
#define LECTERN_ONEDNN_VERSION_H

#include <oneapi/dnnl/dnnl.h>
#include <stdlib.h>
#include <string.h>

#if defined(LECTERN_ONEDNN_EXPECTED) && LECTERN_ONEDNN_EXPECTED != DNNL_VERSION_MAJOR
#error "the headers found are not those of the version that this check is for"
#endif

// Everything that oneDNN 2 and 3 name differently, under one name of Lectern's. No other file may use such a name:
// ops/check-onednn3.sh compiles the target OneDNN against the headers of version 3.
//
// Version 3 removed the operation descriptors (`dnnl_*_desc_init` with `dnnl_primitive_desc_create`), made memory
// descriptors handles instead of structs, changed the arguments of post-operations and dropped instruction sets.

// MARK: Memory descriptors

/// A memory descriptor with an address of its own; `lectern_dnnl_layout_destroy` frees it.
typedef struct lectern_dnnl_layout lectern_dnnl_layout;

#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t lectern_dnnl_raw;
#else
typedef const dnnl_memory_desc_t *lectern_dnnl_raw;
#endif

static inline lectern_dnnl_raw lectern_dnnl_raw_of(const lectern_dnnl_layout *layout) {
  return (lectern_dnnl_raw)layout;
}

static inline dnnl_status_t lectern_dnnl_layout_create(
    lectern_dnnl_layout **layout, int axes, const int64_t *dims, dnnl_data_type_t type, dnnl_format_tag_t tag) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_create_with_tag((dnnl_memory_desc_t *)layout, axes, dims, type, tag);
#else
  dnnl_memory_desc_t *raw = (dnnl_memory_desc_t *)malloc(sizeof *raw);
  if (raw == NULL) return dnnl_out_of_memory;
  dnnl_status_t status = dnnl_memory_desc_init_by_tag(raw, axes, dims, type, tag);
  if (status != dnnl_success) {
    free(raw);
    return status;
  }
  *layout = (lectern_dnnl_layout *)raw;
  return dnnl_success;
#endif
}

static inline void lectern_dnnl_layout_destroy(lectern_dnnl_layout *layout) {
#if DNNL_VERSION_MAJOR >= 3
  dnnl_memory_desc_destroy((dnnl_memory_desc_t)layout);
#else
  free(layout);
#endif
}

/// A copy of the layout that an implementation wants for one of its arguments; NULL where it has no such argument.
static inline dnnl_status_t lectern_dnnl_layout_wanted(
    lectern_dnnl_layout **layout, const_dnnl_primitive_desc_t implementation, dnnl_query_t argument) {
  *layout = NULL;
  lectern_dnnl_raw raw = dnnl_primitive_desc_query_md(implementation, argument, 0);
  if (raw == NULL || dnnl_memory_desc_get_size(raw) == 0) return dnnl_success;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_clone((dnnl_memory_desc_t *)layout, raw);
#else
  dnnl_memory_desc_t *copy = (dnnl_memory_desc_t *)malloc(sizeof *copy);
  if (copy == NULL) return dnnl_out_of_memory;
  *copy = *raw;
  *layout = (lectern_dnnl_layout *)copy;
  return dnnl_success;
#endif
}

static inline size_t lectern_dnnl_layout_size(const lectern_dnnl_layout *layout) {
  return dnnl_memory_desc_get_size(lectern_dnnl_raw_of(layout));
}

static inline int lectern_dnnl_layout_equal(const lectern_dnnl_layout *left, const lectern_dnnl_layout *right) {
  return dnnl_memory_desc_equal(lectern_dnnl_raw_of(left), lectern_dnnl_raw_of(right));
}

/// What a memory descriptor says, member by member. The strides and blocks are 0 unless `is_blocked`.
typedef struct {
  int axes;
  dnnl_data_type_t type;
  int is_blocked;
  int64_t offset;
  int inner_count;
  dnnl_dims_t dims, padded_dims, strides, inner_blocks, inner_axes;
} lectern_dnnl_description;

static inline lectern_dnnl_description lectern_dnnl_describe(const lectern_dnnl_layout *layout) {
  lectern_dnnl_description result;
  memset(&result, 0, sizeof result);
  lectern_dnnl_raw raw = lectern_dnnl_raw_of(layout);
#if DNNL_VERSION_MAJOR >= 3
  int32_t count = 0;
  dnnl_format_kind_t kind = dnnl_format_kind_undef;
  const dnnl_dims_t *array = NULL;
  dnnl_memory_desc_query(raw, dnnl_query_ndims_s32, &count);
  dnnl_memory_desc_query(raw, dnnl_query_data_type, &result.type);
  dnnl_memory_desc_query(raw, dnnl_query_format_kind, &kind);
  result.axes = count;
#define LECTERN_COPY(query, member, count) \
  if (dnnl_memory_desc_query(raw, query, &array) == dnnl_success && array != NULL) \
  memcpy(result.member, *array, sizeof(int64_t) * (size_t)(count))
  LECTERN_COPY(dnnl_query_dims, dims, result.axes);
  LECTERN_COPY(dnnl_query_padded_dims, padded_dims, result.axes);
  result.is_blocked = kind == dnnl_blocked;
  if (!result.is_blocked) return result;
  dnnl_memory_desc_query(raw, dnnl_query_submemory_offset_s64, &result.offset);
  dnnl_memory_desc_query(raw, dnnl_query_inner_nblks_s32, &count);
  result.inner_count = count;
  LECTERN_COPY(dnnl_query_strides, strides, result.axes);
  LECTERN_COPY(dnnl_query_inner_blks, inner_blocks, result.inner_count);
  LECTERN_COPY(dnnl_query_inner_idxs, inner_axes, result.inner_count);
#undef LECTERN_COPY
#else
  size_t bytes = sizeof(int64_t) * (size_t)raw->ndims;
  result.axes = raw->ndims;
  result.type = raw->data_type;
  memcpy(result.dims, raw->dims, bytes);
  memcpy(result.padded_dims, raw->padded_dims, bytes);
  result.is_blocked = raw->format_kind == dnnl_blocked;
  if (!result.is_blocked) return result;
  const dnnl_blocking_desc_t *blocking = &raw->format_desc.blocking;
  result.offset = raw->offset0;
  result.inner_count = blocking->inner_nblks;
  memcpy(result.strides, blocking->strides, bytes);
  memcpy(result.inner_blocks, blocking->inner_blks, sizeof(int64_t) * (size_t)result.inner_count);
  memcpy(result.inner_axes, blocking->inner_idxs, sizeof(int64_t) * (size_t)result.inner_count);
#endif
  return result;
}

static inline dnnl_status_t lectern_dnnl_memory_create(
    dnnl_memory_t *memory, const lectern_dnnl_layout *layout, dnnl_engine_t engine, void *base) {
  return dnnl_memory_create(memory, lectern_dnnl_raw_of(layout), engine, base);
}

// MARK: Implementations

static inline dnnl_status_t lectern_dnnl_reorder(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, const lectern_dnnl_layout *from,
    const lectern_dnnl_layout *to) {
  return dnnl_reorder_primitive_desc_create(
      result, lectern_dnnl_raw_of(from), engine, lectern_dnnl_raw_of(to), engine, NULL);
}

/// Always the direct algorithm; `bias` is NULL for none.
static inline dnnl_status_t lectern_dnnl_convolution_forward(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, dnnl_prop_kind_t kind, const lectern_dnnl_layout *source,
    const lectern_dnnl_layout *weights, const lectern_dnnl_layout *bias, const lectern_dnnl_layout *target,
    const int64_t *strides, const int64_t *before, const int64_t *after, const_dnnl_primitive_attr_t attributes) {
  lectern_dnnl_raw x = lectern_dnnl_raw_of(source), w = lectern_dnnl_raw_of(weights);
  lectern_dnnl_raw b = lectern_dnnl_raw_of(bias), y = lectern_dnnl_raw_of(target);
#if DNNL_VERSION_MAJOR >= 3
  const dnnl_dims_t undilated = {0};
  return dnnl_convolution_forward_primitive_desc_create(
      result, engine, kind, dnnl_convolution_direct, x, w, b, y, strides, undilated, before, after, attributes);
#else
  dnnl_convolution_desc_t operation;
  dnnl_status_t status = dnnl_convolution_forward_desc_init(
      &operation, kind, dnnl_convolution_direct, x, w, b, y, strides, before, after);
  return status != dnnl_success ? status
                                : dnnl_primitive_desc_create(result, &operation, attributes, engine, NULL);
#endif
}

static inline dnnl_status_t lectern_dnnl_convolution_backward_data(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, const lectern_dnnl_layout *source_gradient,
    const lectern_dnnl_layout *weights, const lectern_dnnl_layout *target_gradient, const int64_t *strides,
    const int64_t *before, const int64_t *after, const_dnnl_primitive_desc_t forward,
    const_dnnl_primitive_attr_t attributes) {
  lectern_dnnl_raw dx = lectern_dnnl_raw_of(source_gradient), w = lectern_dnnl_raw_of(weights);
  lectern_dnnl_raw dy = lectern_dnnl_raw_of(target_gradient);
#if DNNL_VERSION_MAJOR >= 3
  const dnnl_dims_t undilated = {0};
  return dnnl_convolution_backward_data_primitive_desc_create(
      result, engine, dnnl_convolution_direct, dx, w, dy, strides, undilated, before, after, forward, attributes);
#else
  dnnl_convolution_desc_t operation;
  dnnl_status_t status = dnnl_convolution_backward_data_desc_init(
      &operation, dnnl_convolution_direct, dx, w, dy, strides, before, after);
  return status != dnnl_success ? status
                                : dnnl_primitive_desc_create(result, &operation, attributes, engine, forward);
#endif
}

/// `bias_gradient` is NULL for a convolution without bias.
static inline dnnl_status_t lectern_dnnl_convolution_backward_weights(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, const lectern_dnnl_layout *source,
    const lectern_dnnl_layout *weights_gradient, const lectern_dnnl_layout *bias_gradient,
    const lectern_dnnl_layout *target_gradient, const int64_t *strides, const int64_t *before, const int64_t *after,
    const_dnnl_primitive_desc_t forward, const_dnnl_primitive_attr_t attributes) {
  lectern_dnnl_raw x = lectern_dnnl_raw_of(source), dw = lectern_dnnl_raw_of(weights_gradient);
  lectern_dnnl_raw db = lectern_dnnl_raw_of(bias_gradient), dy = lectern_dnnl_raw_of(target_gradient);
#if DNNL_VERSION_MAJOR >= 3
  const dnnl_dims_t undilated = {0};
  return dnnl_convolution_backward_weights_primitive_desc_create(
      result, engine, dnnl_convolution_direct, x, dw, db, dy, strides, undilated, before, after, forward, attributes);
#else
  dnnl_convolution_desc_t operation;
  dnnl_status_t status = dnnl_convolution_backward_weights_desc_init(
      &operation, dnnl_convolution_direct, x, dw, db, dy, strides, before, after);
  return status != dnnl_success ? status
                                : dnnl_primitive_desc_create(result, &operation, attributes, engine, forward);
#endif
}

/// Source and target in one layout.
static inline dnnl_status_t lectern_dnnl_batch_norm_forward(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, dnnl_prop_kind_t kind, const lectern_dnnl_layout *layout,
    float epsilon, unsigned flags, const_dnnl_primitive_attr_t attributes) {
  lectern_dnnl_raw data = lectern_dnnl_raw_of(layout);
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_batch_normalization_forward_primitive_desc_create(
      result, engine, kind, data, data, epsilon, flags, attributes);
#else
  dnnl_batch_normalization_desc_t operation;
  dnnl_status_t status = dnnl_batch_normalization_forward_desc_init(&operation, kind, data, epsilon, flags);
  return status != dnnl_success ? status
                                : dnnl_primitive_desc_create(result, &operation, attributes, engine, NULL);
#endif
}

/// With the gradients of scale and shift; values and gradients in one layout.
static inline dnnl_status_t lectern_dnnl_batch_norm_backward(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, const lectern_dnnl_layout *layout, float epsilon,
    unsigned flags, const_dnnl_primitive_desc_t forward, const_dnnl_primitive_attr_t attributes) {
  lectern_dnnl_raw data = lectern_dnnl_raw_of(layout);
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_batch_normalization_backward_primitive_desc_create(
      result, engine, dnnl_backward, data, data, data, epsilon, flags, forward, attributes);
#else
  dnnl_batch_normalization_desc_t operation;
  dnnl_status_t status =
      dnnl_batch_normalization_backward_desc_init(&operation, dnnl_backward, data, data, epsilon, flags);
  return status != dnnl_success ? status
                                : dnnl_primitive_desc_create(result, &operation, attributes, engine, forward);
#endif
}

static inline dnnl_status_t lectern_dnnl_max_pool_forward(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, dnnl_prop_kind_t kind, const lectern_dnnl_layout *source,
    const lectern_dnnl_layout *target, const int64_t *strides, const int64_t *kernel, const int64_t *before,
    const int64_t *after, const_dnnl_primitive_attr_t attributes) {
  lectern_dnnl_raw x = lectern_dnnl_raw_of(source), y = lectern_dnnl_raw_of(target);
#if DNNL_VERSION_MAJOR >= 3
  const dnnl_dims_t undilated = {0};
  return dnnl_pooling_forward_primitive_desc_create(
      result, engine, kind, dnnl_pooling_max, x, y, strides, kernel, undilated, before, after, attributes);
#else
  dnnl_pooling_desc_t operation;
  dnnl_status_t status =
      dnnl_pooling_forward_desc_init(&operation, kind, dnnl_pooling_max, x, y, strides, kernel, before, after);
  return status != dnnl_success ? status
                                : dnnl_primitive_desc_create(result, &operation, attributes, engine, NULL);
#endif
}

static inline dnnl_status_t lectern_dnnl_max_pool_backward(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, const lectern_dnnl_layout *source_gradient,
    const lectern_dnnl_layout *target_gradient, const int64_t *strides, const int64_t *kernel, const int64_t *before,
    const int64_t *after, const_dnnl_primitive_desc_t forward, const_dnnl_primitive_attr_t attributes) {
  lectern_dnnl_raw dx = lectern_dnnl_raw_of(source_gradient), dy = lectern_dnnl_raw_of(target_gradient);
#if DNNL_VERSION_MAJOR >= 3
  const dnnl_dims_t undilated = {0};
  return dnnl_pooling_backward_primitive_desc_create(
      result, engine, dnnl_pooling_max, dx, dy, strides, kernel, undilated, before, after, forward, attributes);
#else
  dnnl_pooling_desc_t operation;
  dnnl_status_t status =
      dnnl_pooling_backward_desc_init(&operation, dnnl_pooling_max, dx, dy, strides, kernel, before, after);
  return status != dnnl_success ? status
                                : dnnl_primitive_desc_create(result, &operation, attributes, engine, forward);
#endif
}

// MARK: Attributes

/// Adds the destination's former content, times 1.
static inline dnnl_status_t lectern_dnnl_append_sum(dnnl_post_ops_t operations) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_post_ops_append_sum(operations, 1, 0, dnnl_data_type_undef);
#else
  return dnnl_post_ops_append_sum(operations, 1);
#endif
}

static inline dnnl_status_t lectern_dnnl_append_relu(dnnl_post_ops_t operations) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_post_ops_append_eltwise(operations, dnnl_eltwise_relu, 0, 0);
#else
  return dnnl_post_ops_append_eltwise(operations, 1, dnnl_eltwise_relu, 0, 0);
#endif
}

// MARK: The library

/// The widest instructions that the library uses here, such as `avx2`.
static inline const char *lectern_dnnl_instructions(void) {
  switch (dnnl_get_effective_cpu_isa()) {
    case dnnl_cpu_isa_sse41: return "sse41";
    case dnnl_cpu_isa_avx: return "avx";
    case dnnl_cpu_isa_avx2: return "avx2";
    case dnnl_cpu_isa_avx2_vnni: return "avx2_vnni";
    case dnnl_cpu_isa_avx512_core: return "avx512_core";
    case dnnl_cpu_isa_avx512_core_vnni: return "avx512_core_vnni";
    case dnnl_cpu_isa_avx512_core_bf16: return "avx512_core_bf16";
    case dnnl_cpu_isa_avx512_core_amx: return "avx512_core_amx";
#if DNNL_VERSION_MAJOR >= 3
    case dnnl_cpu_isa_avx512_core_fp16: return "avx512_core_fp16";
#else
    case dnnl_cpu_isa_avx512_mic: return "avx512_mic";
    case dnnl_cpu_isa_avx512_mic_4ops: return "avx512_mic_4ops";
#endif
    default: return "other";
  }
}

#endif
