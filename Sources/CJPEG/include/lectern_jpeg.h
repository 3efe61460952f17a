// Reading and writing JPEG with libjpeg, whose errors leave a function by longjmp, which Swift cannot survive.
//
// Every function that can fail returns a lectern_jpeg_status; nothing is printed. A reader serves one thread at a time;
// different readers are independent. Rows are without gaps, lent for the call.
#ifndef LECTERN_JPEG_H
#define LECTERN_JPEG_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum lectern_jpeg_status {
  LECTERN_JPEG_OK = 0,
  LECTERN_JPEG_DAMAGED = 1,      // no JPEG file, or one that lacks a part of its picture
  LECTERN_JPEG_UNSUPPORTED = 2,  // a JPEG file of a kind that is not read
  LECTERN_JPEG_NO_MEMORY = 3
};

// How many stray bytes may stand before a restart or end marker.
#define LECTERN_JPEG_STRAY_BYTES 64

#define LECTERN_JPEG_MESSAGE 256

typedef struct {
  int32_t width, height;
  int32_t channels;  // of a row as it is read: 1 for gray, 4 for CMYK as stored
} lectern_jpeg_layout;

// One file in reading: open, read_header, start, read_row for each row, finish; close at any time. After a failure only
// message and close.
typedef struct lectern_jpeg_reader lectern_jpeg_reader;

// NULL where memory is short. The caller owns it and closes it.
lectern_jpeg_reader *lectern_jpeg_open(void);
void lectern_jpeg_close(lectern_jpeg_reader *reader);

// Why the last call failed, in libjpeg's words or ours: ASCII without any byte of the file. Lives as long as the
// reader.
const char *lectern_jpeg_message(const lectern_jpeg_reader *reader);

// The bytes are read, never written, and must outlive the reader.
int32_t lectern_jpeg_read_header(lectern_jpeg_reader *reader, const uint8_t *bytes, size_t count,
                                 lectern_jpeg_layout *layout);

// Reads a file of several scans as a whole, at most maximum_scans of them.
int32_t lectern_jpeg_start(lectern_jpeg_reader *reader, int32_t maximum_scans);
int32_t lectern_jpeg_read_row(lectern_jpeg_reader *reader, uint8_t *row);

// Reads on to the end marker, and says whether the picture is whole.
int32_t lectern_jpeg_finish(lectern_jpeg_reader *reader);

// Writes a baseline file of gray (1 channel) or RGB (3 channels, colour at half resolution both ways) pixels. The
// caller owns *file, of *count bytes, and frees it with free(); NULL after a failure, of which message, with room for
// LECTERN_JPEG_MESSAGE bytes, says why.
//
// restart_rows: rows of blocks between two restart markers; 0 for none.
int32_t lectern_jpeg_write(const uint8_t *pixels, int32_t width, int32_t height, int32_t channels, int32_t quality,
                           int32_t restart_rows, uint8_t **file, unsigned long *count, char *message);

#ifdef __cplusplus
}
#endif
#endif
