#include "lectern_jpeg.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>
#include <jpegint.h>  // the marker reader's count of discarded bytes

// libjpeg's error manager with what ours needs; libjpeg knows it by its first member.
struct failure {
  struct jpeg_error_mgr manager;
  jmp_buf escape;
  int32_t status;
  // Stray bytes before earlier restart markers that were not reported yet.
  unsigned carried;
  char message[LECTERN_JPEG_MESSAGE];
};

struct lectern_jpeg_reader {
  struct jpeg_decompress_struct codec;
  struct jpeg_progress_mgr progress;
  struct failure failure;
  int32_t maximum_scans;
};

static void fail(j_common_ptr codec, int32_t status) {
  struct failure *failure = (struct failure *)codec->err;
  failure->status = status;
  longjmp(failure->escape, 1);
}

static void fail_saying(j_common_ptr codec, int32_t status, const char *text) {
  snprintf(((struct failure *)codec->err)->message, LECTERN_JPEG_MESSAGE, "%s", text);
  fail(codec, status);
}

static int32_t status_of_error(int code) {
  switch (code) {
    case JERR_OUT_OF_MEMORY:
      return LECTERN_JPEG_NO_MEMORY;
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_CCIR601_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_EMPTY_IMAGE:  // the height in a later marker (DNL)
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_SOF_UNSUPPORTED:
    case JERR_UNKNOWN_MARKER:
      return LECTERN_JPEG_UNSUPPORTED;
    default:
      return LECTERN_JPEG_DAMAGED;
  }
}

static void on_error(j_common_ptr codec) {
  struct failure *failure = (struct failure *)codec->err;
  char text[JMSG_LENGTH_MAX];
  failure->manager.format_message(codec, text);
  fail_saying(codec, status_of_error(failure->manager.msg_code), text);
}

// Stray bytes before a marker that ends coded data: every block before it was decoded, or libjpeg warns of that as
// well. Webcams write them: some models two before each restart marker, others a few before the end.
//
// Where all of them lay in the decoder's bit buffer already (7 bytes at most) when a restart marker came, they are
// counted and reported with the next ones.
static int are_harmless_stray_bytes(const struct failure *failure) {
  const unsigned count = (unsigned)failure->manager.msg_parm.i[0];
  const int marker = failure->manager.msg_parm.i[1];
  const int ends_data = (marker >= JPEG_RST0 && marker <= JPEG_RST0 + 7) || marker == JPEG_EOI;
  return ends_data && count - failure->carried <= LECTERN_JPEG_STRAY_BYTES;
}

// Every warning there is, by what it says of the pixels.
static int is_harmless_warning(const struct failure *failure) {
  switch (failure->manager.msg_code) {
    case JWRN_EXTRANEOUS_DATA:
      return are_harmless_stray_bytes(failure);
    case JWRN_JFIF_MAJOR:      // a number of which nothing that is read depends
    case JWRN_NOT_SEQUENTIAL:  // zeros where a baseline scan says "all coefficients"; they are read as that
    case JWRN_BOGUS_ICC:       // colour profiles are not applied
      return 1;
    case JWRN_HIT_MARKER:         // blocks are missing
    case JWRN_MUST_RESYNC:        // a restart marker is missing, or stands in another's place
    case JWRN_JPEG_EOF:           // the file ends before its end marker
    case JWRN_HUFF_BAD_CODE:      // blocks are made up
    case JWRN_ARITH_BAD_CODE:     // likewise
    case JWRN_BOGUS_PROGRESSION:  // scans are missing or repeated
    case JWRN_ADOBE_XFORM:        // whether its first channel is brightness is a guess
    case JWRN_TOO_MUCH_DATA:      // never: rows are counted by their reader
    default:
      return 0;
  }
}

static void on_message(j_common_ptr codec, int level) {
  struct failure *failure = (struct failure *)codec->err;
  if (failure->manager.msg_code == JTRC_RST)
    failure->carried = ((j_decompress_ptr)codec)->marker->discarded_bytes;
  if (level >= 0 || is_harmless_warning(failure)) return;
  char text[JMSG_LENGTH_MAX];
  failure->manager.format_message(codec, text);
  fail_saying(codec, LECTERN_JPEG_DAMAGED, text);
}

static void prepare(struct failure *failure) {
  jpeg_std_error(&failure->manager);
  failure->manager.error_exit = on_error;
  failure->manager.emit_message = on_message;
}

static void on_progress(j_common_ptr codec) {
  const lectern_jpeg_reader *reader = (const lectern_jpeg_reader *)codec;
  if (reader->codec.input_scan_number > reader->maximum_scans)
    fail_saying(codec, LECTERN_JPEG_UNSUPPORTED, "JPEG of more scans than its size allows");
}

lectern_jpeg_reader *lectern_jpeg_open(void) {
  lectern_jpeg_reader *reader = calloc(1, sizeof *reader);
  if (!reader) return NULL;
  prepare(&reader->failure);
  reader->codec.err = &reader->failure.manager;
  if (setjmp(reader->failure.escape)) {
    lectern_jpeg_close(reader);
    return NULL;
  }
  jpeg_create_decompress(&reader->codec);
  reader->progress.progress_monitor = on_progress;
  reader->codec.progress = &reader->progress;
  reader->maximum_scans = 1;
  return reader;
}

void lectern_jpeg_close(lectern_jpeg_reader *reader) {
  // Neither fails nor warns.
  jpeg_destroy_decompress(&reader->codec);
  free(reader);
}

const char *lectern_jpeg_message(const lectern_jpeg_reader *reader) { return reader->failure.message; }

int32_t lectern_jpeg_read_header(lectern_jpeg_reader *reader, const uint8_t *bytes, size_t count,
                                 lectern_jpeg_layout *layout) {
  if (setjmp(reader->failure.escape)) return reader->failure.status;
  j_decompress_ptr codec = &reader->codec;
  jpeg_mem_src(codec, bytes, count);
  jpeg_read_header(codec, TRUE);
  const int has_inks = codec->jpeg_color_space == JCS_CMYK || codec->jpeg_color_space == JCS_YCCK;
  codec->out_color_space = has_inks ? JCS_CMYK : JCS_GRAYSCALE;
  layout->width = (int32_t)codec->image_width;
  layout->height = (int32_t)codec->image_height;
  layout->channels = has_inks ? 4 : 1;
  return LECTERN_JPEG_OK;
}

int32_t lectern_jpeg_start(lectern_jpeg_reader *reader, int32_t maximum_scans) {
  if (setjmp(reader->failure.escape)) return reader->failure.status;
  reader->maximum_scans = maximum_scans;
  jpeg_start_decompress(&reader->codec);
  return LECTERN_JPEG_OK;
}

int32_t lectern_jpeg_read_row(lectern_jpeg_reader *reader, uint8_t *row) {
  if (setjmp(reader->failure.escape)) return reader->failure.status;
  jpeg_read_scanlines(&reader->codec, &row, 1);
  return LECTERN_JPEG_OK;
}

// Whether every channel that the pixels are made of came, in full precision. A file whose later scans were cut off and
// an end marker put behind the others is no reason for libjpeg to warn.
static int is_whole(j_decompress_ptr codec) {
  for (int i = 0; i < codec->num_components; i++) {
    const jpeg_component_info *component = &codec->comp_info[i];
    if (!component->component_needed) continue;
    // Taken over when the first scan of it begins.
    if (!component->quant_table) return 0;
    if (!codec->progressive_mode) continue;
    for (int k = 0; k < DCTSIZE2; k++)
      if (codec->coef_bits[i][k] != 0) return 0;
  }
  return 1;
}

int32_t lectern_jpeg_finish(lectern_jpeg_reader *reader) {
  if (setjmp(reader->failure.escape)) return reader->failure.status;
  if (!is_whole(&reader->codec))
    fail_saying((j_common_ptr)&reader->codec, LECTERN_JPEG_DAMAGED, "JPEG without all the scans of its picture");
  jpeg_finish_decompress(&reader->codec);
  return LECTERN_JPEG_OK;
}

struct writer {
  struct jpeg_compress_struct codec;
  struct failure failure;
};

int32_t lectern_jpeg_write(const uint8_t *pixels, int32_t width, int32_t height, int32_t channels, int32_t quality,
                           int32_t restart_rows, uint8_t **file, unsigned long *count, char *message) {
  *file = NULL;
  *count = 0;
  message[0] = 0;
  struct writer *writer = calloc(1, sizeof *writer);
  if (!writer) return LECTERN_JPEG_NO_MEMORY;
  prepare(&writer->failure);
  j_compress_ptr codec = &writer->codec;
  codec->err = &writer->failure.manager;
  if (setjmp(writer->failure.escape)) {
    const int32_t status = writer->failure.status;
    // Where libjpeg's buffer has grown, its address is not known here: it is lost.
    *file = NULL;
    memcpy(message, writer->failure.message, LECTERN_JPEG_MESSAGE);
    jpeg_destroy_compress(&writer->codec);
    free(writer);
    return status;
  }
  jpeg_create_compress(codec);
  jpeg_mem_dest(codec, file, count);
  codec->image_width = (JDIMENSION)width;
  codec->image_height = (JDIMENSION)height;
  codec->input_components = channels;
  codec->in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(codec);
  jpeg_set_quality(codec, quality, TRUE);
  // As TurboJPEG chooses.
  codec->dct_method = quality >= 96 ? JDCT_ISLOW : JDCT_FASTEST;
  codec->restart_in_rows = restart_rows;
  jpeg_start_compress(codec, TRUE);
  while (codec->next_scanline < codec->image_height) {
    JSAMPROW row = (JSAMPROW)pixels + (size_t)codec->next_scanline * (size_t)width * (size_t)channels;
    jpeg_write_scanlines(codec, &row, 1);
  }
  jpeg_finish_compress(codec);
  jpeg_destroy_compress(codec);
  free(writer);
  return LECTERN_JPEG_OK;
}
