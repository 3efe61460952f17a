// SIFT keypoints, face detection and text of OpenCV behind a C interface.
//
// Every function returns 0, or another number with a message (at most LECTERN_CV_MESSAGE bytes with its zero); no C++
// exception crosses the border. Pictures are 8-bit gray, rows without gaps, lent for the call. OpenCV's own thread pool
// and OpenCL are switched off once per process, before the first use.
#ifndef LECTERN_OPENCV_H
#define LECTERN_OPENCV_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LECTERN_CV_MESSAGE 256

enum lectern_cv_status {
  LECTERN_CV_OK = 0,
  LECTERN_CV_FAILED = 1,     // an exception inside OpenCV
  LECTERN_CV_NO_MEMORY = 2,
  LECTERN_CV_UNREADABLE = 3  // the cascade file is missing or no cascade
};

// A trained cascade. One thread at a time; different cascades are independent.
typedef struct lectern_cv_cascade lectern_cv_cascade;

typedef struct {
  int32_t x, y, width, height;
} lectern_cv_rect;

typedef struct {
  double scale_factor;        // ratio of neighbouring sizes, above 1
  int32_t minimum_neighbors;  // how many overlapping hits make a face
  int32_t minimum_side;       // smallest face in pixels
  int32_t maximum_side;       // largest face in pixels; 0 for no limit
} lectern_cv_detection;

// The caller owns *cascade and destroys it.
int32_t lectern_cv_cascade_create(const char *path, lectern_cv_cascade **cascade, char *message);
void lectern_cv_cascade_destroy(lectern_cv_cascade *cascade);

// The caller owns *rects, an array of *count, and frees it with lectern_cv_free.
int32_t lectern_cv_cascade_detect(lectern_cv_cascade *cascade, const uint8_t *pixels, int32_t width, int32_t height,
                                  lectern_cv_detection settings, lectern_cv_rect **rects, int32_t *count,
                                  char *message);

typedef struct {
  float x, y, size, angle, response;
  float descriptor[128];
} lectern_cv_keypoint;

// With Lowe's parameters but for the contrast threshold, 0 or more. The caller owns *keypoints, an array of *count,
// and frees it with lectern_cv_free. Any thread.
int32_t lectern_cv_sift(const uint8_t *pixels, int32_t width, int32_t height, double contrast_threshold,
                        lectern_cv_keypoint **keypoints, int32_t *count, char *message);

typedef struct {
  uint8_t *pixels;         // width by height, rows without gaps
  int32_t width, height;
  int32_t baseline;        // the row the letters stand on
  int32_t margin;          // empty columns on either side
} lectern_cv_mask;

// A line of ASCII text in a Hershey font as coverage, 0...255, capitals of cap_height pixels (6...200). Height and
// baseline are the same for all texts of one height. The caller frees mask->pixels with lectern_cv_free. Any thread.
int32_t lectern_cv_text(const char *text, int32_t cap_height, int32_t bold, lectern_cv_mask *mask, char *message);

void lectern_cv_free(void *memory);

#ifdef __cplusplus
}
#endif
#endif
