// A given image: drawn, dropped or taken from the run, what is asked of it, and the run that follows.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/run/evidence_table.h"
#include "native/app/brush.h"
#include "native/app/picture_texture.h"
#include "native/app/view.h"

namespace undiffuse {

class GivenPanel {
 public:
  /// An image of the model's shape, in the place of what was painted.
  void take_image(const Shape& shape, std::vector<float> image);
  /// Evidence that came with a saved picture.
  void take_evidence(const Shape& shape, const Evidence& evidence);

  void draw(View& view, ImVec2 size);

 private:
  void draw_pad(View& view, float side);
  void paint(View& view, ImVec2 corner, float side);
  void draw_mask(ImVec2 corner, float side) const;
  void draw_tools(float width);
  void draw_sources(View& view);
  void draw_tasks(View& view);
  void draw_parts(View& view);
  void draw_amount(View& view);
  void draw_ways(View& view);
  void draw_run(View& view);

  void choose(const EvidenceTask& task);
  const EvidenceWay& way() const;
  double& amount();
  void changed(View& view);
  void give(View& view);

  PaintedImage painted_;
  PictureTexture texture_;
  std::optional<Stroke> stroke_;
  BrushTool tool_ = BrushTool::Draw;
  float brush_ = 2.5f;  // pixels of the image: about as thick as a digit's stroke on 28
  const EvidenceTask* task_ = &evidence_tasks().front();
  std::map<std::string_view, const EvidenceWay*> ways_;  // that were chosen, by their tasks
  std::map<std::string_view, double> amounts_;
  bool noisy_ = false;  // the image has its noise already
  std::string problem_;
};

/// "Take noise away: start at its noise, noise 0.50"
std::string evidence_sentence(const Evidence& evidence);

}  // namespace undiffuse
