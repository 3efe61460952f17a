#include "lectern_opencv.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/core/ocl.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/features2d.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/objdetect.hpp>

struct lectern_cv_cascade {
  cv::CascadeClassifier classifier;
};

namespace {

// An exception's text is also printed to stderr unless someone takes it: the caller gets it as a message instead.
int swallow(int, const char *, const char *, const char *, int, void *) { return 0; }

// Lectern's threads are its streams; OpenCV must not start its own.
void prepare() {
  static const bool prepared = [] {
    cv::setNumThreads(1);
    cv::ocl::setUseOpenCL(false);
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    cv::redirectError(swallow);
    return true;
  }();
  (void)prepared;
}

void say(char *message, const char *text) {
  std::strncpy(message, text, LECTERN_CV_MESSAGE - 1);
  message[LECTERN_CV_MESSAGE - 1] = 0;
}

// Runs a body and turns what it throws into a status.
template <typename Body>
int32_t guarded(char *message, Body body) noexcept {
  message[0] = 0;
  try {
    prepare();
    return body();
  } catch (const std::bad_alloc &) {
    say(message, "out of memory");
    return LECTERN_CV_NO_MEMORY;
  } catch (const cv::Exception &error) {
    say(message, error.err.c_str());
    return error.code == cv::Error::StsNoMem ? LECTERN_CV_NO_MEMORY : LECTERN_CV_FAILED;
  } catch (const std::exception &error) {
    say(message, error.what());
    return LECTERN_CV_FAILED;
  } catch (...) {
    say(message, "unknown exception");
    return LECTERN_CV_FAILED;
  }
}

// A header over the caller's pixels; OpenCV only reads them.
cv::Mat view(const uint8_t *pixels, int32_t width, int32_t height) {
  return cv::Mat(height, width, CV_8UC1, const_cast<uint8_t *>(pixels));
}

template <typename Element>
Element *allocate(size_t count) {
  void *memory = std::calloc(count ? count : 1, sizeof(Element));
  if (!memory) throw std::bad_alloc();
  return static_cast<Element *>(memory);
}

}  // namespace

int32_t lectern_cv_cascade_create(const char *path, lectern_cv_cascade **cascade, char *message) {
  *cascade = nullptr;
  return guarded(message, [&]() -> int32_t {
    cv::CascadeClassifier classifier;
    bool loaded = false;
    try {
      loaded = classifier.load(path);
    } catch (const cv::Exception &) {
      // A file that is no XML throws where a missing one returns false.
    }
    if (!loaded) {
      say(message, "not a readable cascade file");
      return LECTERN_CV_UNREADABLE;
    }
    *cascade = new lectern_cv_cascade{classifier};
    return LECTERN_CV_OK;
  });
}

void lectern_cv_cascade_destroy(lectern_cv_cascade *cascade) { delete cascade; }

int32_t lectern_cv_cascade_detect(lectern_cv_cascade *cascade, const uint8_t *pixels, int32_t width, int32_t height,
                                  lectern_cv_detection settings, lectern_cv_rect **rects, int32_t *count,
                                  char *message) {
  *rects = nullptr;
  *count = 0;
  return guarded(message, [&]() -> int32_t {
    if (width < 1 || height < 1 || !(settings.scale_factor > 1) || settings.minimum_side < 1 ||
        settings.maximum_side < 0) {
      say(message, "detection parameters out of range");
      return LECTERN_CV_FAILED;
    }
    std::vector<cv::Rect> found;
    cascade->classifier.detectMultiScale(view(pixels, width, height), found, settings.scale_factor,
                                         settings.minimum_neighbors, 0,
                                         cv::Size(settings.minimum_side, settings.minimum_side),
                                         cv::Size(settings.maximum_side, settings.maximum_side));
    *rects = allocate<lectern_cv_rect>(found.size());
    *count = static_cast<int32_t>(found.size());
    for (size_t i = 0; i < found.size(); ++i) (*rects)[i] = {found[i].x, found[i].y, found[i].width, found[i].height};
    return LECTERN_CV_OK;
  });
}

int32_t lectern_cv_sift(const uint8_t *pixels, int32_t width, int32_t height, double contrast_threshold,
                        lectern_cv_keypoint **keypoints, int32_t *count, char *message) {
  *keypoints = nullptr;
  *count = 0;
  return guarded(message, [&]() -> int32_t {
    // OpenCV does not check these.
    if (width < 1 || height < 1 || !(contrast_threshold >= 0)) {
      say(message, "SIFT parameters out of range");
      return LECTERN_CV_FAILED;
    }
    std::vector<cv::KeyPoint> points;
    cv::Mat descriptors;
    // All keypoints, three layers an octave, edge threshold 10, σ = 1.6 (Lowe 2004, sections 3 and 4).
    cv::SIFT::create(0, 3, contrast_threshold, 10, 1.6)
        ->detectAndCompute(view(pixels, width, height), cv::noArray(), points, descriptors);
    if (!points.empty() && (descriptors.type() != CV_32F || descriptors.cols != 128)) {
      say(message, "unexpected descriptor type");
      return LECTERN_CV_FAILED;
    }
    *keypoints = allocate<lectern_cv_keypoint>(points.size());
    *count = static_cast<int32_t>(points.size());
    for (size_t i = 0; i < points.size(); ++i) {
      lectern_cv_keypoint &out = (*keypoints)[i];
      out.x = points[i].pt.x;
      out.y = points[i].pt.y;
      out.size = points[i].size;
      out.angle = points[i].angle;
      out.response = points[i].response;
      std::memcpy(out.descriptor, descriptors.ptr<float>(static_cast<int>(i)), sizeof(out.descriptor));
    }
    return LECTERN_CV_OK;
  });
}

int32_t lectern_cv_text(const char *text, int32_t cap_height, int32_t bold, lectern_cv_mask *mask, char *message) {
  *mask = {};
  return guarded(message, [&]() -> int32_t {
    const size_t length = std::strlen(text);
    if (cap_height < 6 || cap_height > 200 || length > 512) {
      say(message, "text parameters out of range");
      return LECTERN_CV_FAILED;
    }
    // Drawn four times as large and shrunk by area: strokes of fractional width, smoother than LINE_AA alone.
    const int zoom = 4;
    const int face = cv::FONT_HERSHEY_SIMPLEX;
    const int stroke = std::max(1, static_cast<int>(cap_height * zoom * (bold ? 0.17 : 0.11) + 0.5));
    // Capitals of this font are 21 units high at scale 1.
    const double scale = cap_height * zoom / 21.0;
    int below = 0;
    const cv::Size size = cv::getTextSize(text, face, scale, stroke, &below);
    const int margin = cap_height / 4 + 2;
    const int ascent = cap_height * 5 / 4 + margin;
    const int columns = (std::max(size.width, 1) + zoom - 1) / zoom + 2 * margin;
    const int rows = ascent + cap_height / 2 + margin;
    cv::Mat large(rows * zoom, columns * zoom, CV_8UC1, cv::Scalar(0));
    cv::putText(large, text, cv::Point(margin * zoom, ascent * zoom), face, scale, cv::Scalar(255), stroke,
                cv::LINE_AA);
    cv::Mat small(rows, columns, CV_8UC1);
    cv::resize(large, small, small.size(), 0, 0, cv::INTER_AREA);
    mask->pixels = allocate<uint8_t>(small.total());
    std::memcpy(mask->pixels, small.data, small.total());
    mask->width = columns;
    mask->height = rows;
    mask->baseline = ascent;
    mask->margin = margin;
    return LECTERN_CV_OK;
  });
}

void lectern_cv_free(void *memory) { std::free(memory); }
