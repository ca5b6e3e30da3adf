#include "native/app/panels/swiss_roll.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "core/run/explain.h"
#include "native/app/math_text.h"
#include "native/app/plot.h"
#include "native/app/theme.h"
#include "native/app/widgets.h"

namespace undiffuse {
namespace {

constexpr int kArrows = 160, kEllipses = 40;

// Shades grow with the square root, so that thin tails still show: towards the accent from the card.
std::vector<float> shades_of(const std::vector<float>& density, bool dark) {
  const float highest = std::max(*std::max_element(density.begin(), density.end()), 1e-30f);
  std::vector<float> shades;
  for (const float value : density) {
    const float shade = std::sqrt(value / highest);
    shades.push_back(dark ? 0.1f + 0.5f * shade : -0.75f * shade);  // grey times the accent; white to blue
  }
  return shades;
}

void shade(PictureTexture& texture, const Plot& plot, const std::vector<float>& density, int side,
           bool dark) {
  const MapRange range = dark ? MapRange{0, 1} : MapRange{-1, 1};
  texture.show({1, side, side, 1}, shades_of(density, dark), dark ? Colormap::Grey : Colormap::Diverging,
               range);
  ImGui::GetWindowDrawList()->AddImage(texture.id(), plot.min(), plot.max(), {0, 0}, {1, 1},
                                       dark ? theme().accent : IM_COL32_WHITE);
}

void ellipse(const Plot& plot, const Eigen::Array2d& centre, const Eigen::Array2d& radii, ImU32 color,
             float width) {
  constexpr int kCorners = 32;
  std::vector<ImVec2> points;
  for (int i = 0; i <= kCorners; ++i) {
    const double angle = 2 * std::numbers::pi * i / kCorners;
    points.push_back(
        plot.at(centre.x() + radii.x() * std::cos(angle), centre.y() + radii.y() * std::sin(angle)));
  }
  plot.line(points, color, width);
}

Plot square(const Eigen::Array2d& centre, double reach, float side) {
  return {{side, side}, {centre.x() - reach, centre.x() + reach}, {centre.y() - reach, centre.y() + reach}};
}

void frame(const Plot& plot) {
  ImGui::GetWindowDrawList()->PopClipRect();
  ImGui::GetWindowDrawList()->AddRect(plot.min(), plot.max(), theme().line);
}

void wrapped(const char* text) {
  ImGui::PushTextWrapPos(0);
  muted_text(text);
  ImGui::PopTextWrapPos();
}

std::string pair_of(const Eigen::Array2d& values) {
  return "(" + format_value(values.x(), 2) + ", " + format_value(values.y(), 2) + ")";
}

}  // namespace

void SwissRollPanel::draw(const ToyScene& scene, const ToyLook* look, int position, const std::string& title,
                          bool dark, ImVec2 size) {
  const float gap = px(10), half = (size.x - gap) / 2;
  const float side = std::min(half, size.y - px(110)) - 2 * ImGui::GetStyle().WindowPadding.x;
  begin_card("cloud", {half, size.y});
  panel_title(title);
  draw_cloud(*scene.points, look, position, dark, side);
  wrapped(
      "Shade: density of the data at this noise. Lines: from a point to its mean μ; ellipses: σ. "
      "Click anywhere to set x_t.");
  end_card();
  ImGui::SameLine(0, gap);
  begin_card("reverse", {half, size.y});
  panel_title("One reverse step from the chosen point");
  if (look) draw_reverse(*look, dark, side);
  wrapped(
      "Shade: the true q(x_s | x_t), from the data. Ellipses: the network's Gaussian at one and two σ. "
      "In large steps the truth has several peaks and no Gaussian fits; in small ones it is one Gaussian.");
  end_card();
}

void SwissRollPanel::draw_cloud(const PointRun& run, const ToyLook* look, int position, bool dark,
                                float side) {
  const Plot plot = square({0, 0}, static_cast<double>(ToyLook::kReach), side);
  if (ImGui::IsItemHovered() && ImGui::IsMouseDown(ImGuiMouseButton_Left)) {
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    const float scale = 2 * ToyLook::kReach / side;
    chosen_ = {(mouse.x - plot.min().x) * scale - ToyLook::kReach,
               ToyLook::kReach - (mouse.y - plot.min().y) * scale};
  }
  ImDrawList& list = *ImGui::GetWindowDrawList();
  list.PushClipRect(plot.min(), plot.max(), true);
  if (look && look->place.position == position)
    shade(density_, plot, look->density, ToyLook::kDensitySide, dark);
  const Points& x = run.state(position);
  const float dot = px(1);
  const ImU32 ink = (theme().ink & ~IM_COL32_A_MASK) | IM_COL32(0, 0, 0, 150);  // the shade shows through
  for (Eigen::Index n = 0; n < x.cols(); ++n) {
    const ImVec2 at = plot.at(static_cast<double>(x(0, n)), static_cast<double>(x(1, n)));
    list.AddRectFilled({at.x - dot, at.y - dot}, {at.x + dot, at.y + dot}, ink);
  }
  for (int n = 0; position < run.num_steps() && n < kArrows; ++n) {
    const Eigen::Array2d from = x.col(n).cast<double>();
    const Eigen::Array2d mu = run.step(position).mu.col(n).cast<double>();
    list.AddLine(plot.at(from.x(), from.y()), plot.at(mu.x(), mu.y()), theme().accent, px(1.5f));
    if (n < kEllipses) ellipse(plot, mu, run.step(position).sigma.col(n).cast<double>(), theme().accent, 1);
  }
  plot.dot(static_cast<double>(chosen_[0]), static_cast<double>(chosen_[1]), theme().card, 7);
  plot.dot(static_cast<double>(chosen_[0]), static_cast<double>(chosen_[1]), theme().now);
  frame(plot);
}

void SwissRollPanel::draw_reverse(const ToyLook& look, bool dark, float side) {
  const ReverseComparison& found = look.reverse;
  const Plot plot = square(found.window.centre, found.window.reach, side);
  ImGui::GetWindowDrawList()->PushClipRect(plot.min(), plot.max(), true);
  shade(reverse_, plot, look.reverse_density, ToyLook::kReverseSide, dark);
  ellipse(plot, found.mu, found.sigma, theme().now, 2);
  ellipse(plot, found.mu, 2 * found.sigma, theme().now, 1);
  plot.dot(found.mu.x(), found.mu.y(), theme().now, 3);
  plot.dot(static_cast<double>(look.place.point[0]), static_cast<double>(look.place.point[1]), theme().ink,
           4);
  frame(plot);
  ImGui::TextUnformatted(
      ("KL of the truth to the network: " + format_value(found.kl_bits) + " bits").c_str());
  const std::string network = "μ = " + pair_of(found.mu) + ", σ = " + pair_of(found.sigma);
  const std::string truth =
      "the truth: mean " + pair_of(found.mean) + ", deviation " + pair_of(found.deviation);
  ImGui::TextUnformatted(network.c_str());
  ImGui::TextUnformatted(truth.c_str());
}

}  // namespace undiffuse
