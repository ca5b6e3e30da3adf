// Pictures to keep: what a run shows, as 8-bit pixels with the settings that made it.
#pragma once

#include <span>
#include <vector>

#include "core/base/data_range.h"
#include "core/base/tensor.h"
#include "core/run/png.h"
#include "core/run/session.h"

namespace undiffuse {

/// One image of values from black to white (clamped) as levels 0..255, rounded.
Picture picture_of(const Shape& image, std::span<const float> values, DataRange range = {});

/// Each pixel as a square of factor x factor, so that small images are seen as they are.
Picture enlarged(const Picture& picture, int factor);

/// Pictures of one size in rows of `columns`, with `gap` white pixels between them; what is missing
/// in the last row stays white.
Picture tiled(std::span<const Picture> pictures, int columns, int gap);

/// The usual sheet: enlarged and tiled as squarely as the count allows.
Picture sheet_of(std::span<const Picture> pictures);

/// The sheet of x after `position` steps (0..num_steps()), all images of the batch. Computes the steps.
Picture sheet_at(Session& session, int position);

enum class Keepsake {
  Frame,  ///< x after `position` steps, one image
  Strip,  ///< x_t above, x0_hat below, at up to 16 steps evenly over the run, one image
  Sheet,  ///< the finished images of the batch
};

/// One of the images that a keepsake is made of.
struct KeepsakePart {
  int step = 0;
  int sample = 0;
  Field field = Field::XT;
};

/// Makes a keepsake in slices, for views that must answer in between. It gathers each part as soon as
/// the run is there, and so needs no more of the trace than one record.
class KeepsakeMaker {
 public:
  /// `position` is a number of steps taken, 0..num_steps(); `sample` is one of the batch.
  KeepsakeMaker(const Session& session, Keepsake what, int position, int sample);
  KeepsakeMaker(Keepsake what, std::vector<KeepsakePart> parts);

  /// A slice (Session::work) of the same run; true once the picture is there.
  bool work(Session& session);
  Picture picture() const;  ///< only once it is there

 private:
  bool done() const { return pictures_.size() == parts_.size(); }

  Keepsake what_;
  std::vector<KeepsakePart> parts_;
  std::vector<Picture> pictures_;  // of the first parts
};

/// Computes whatever records it needs; `position` is a number of steps taken, 0..num_steps().
Picture keepsake(Session& session, Keepsake what, int position, int sample);

/// The same as a file that settings_of_png() and evidence_of_png() read.
std::vector<std::byte> keepsake_png(Session& session, Keepsake what, int position, int sample);

/// Any picture of the session's run as such a file.
std::vector<std::byte> keepsake_file(const Session& session, const Picture& picture);

}  // namespace undiffuse
