#include "core/run/block_places.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace undiffuse {
namespace {

constexpr int kUsualColumns = 3;

// The i-th of `count` blocks in a row of `columns`: spread to both ends, a single one in the middle.
int spread(int i, int count, int columns) {
  return count == 1 ? columns / 2 : i * (columns - 1) / (count - 1);
}

class Placer {
 public:
  explicit Placer(const BlockGraph& graph) : graph_(graph) {
    made_.columns = kUsualColumns;
    made_.places.resize(graph.blocks.size());
  }

  BlockPlaces place() {
    const std::vector<std::vector<int>> depths = by_depth();
    for (const std::vector<int>& row : depths) made_.columns = std::max(made_.columns, size_of(row));
    const std::optional<std::vector<BlockEdge>> skips = nested_skips(depths);
    if (!skips) find_late_inputs(depths);
    place_conditioning();
    if (skips) {
      place_u(depths, *skips);
      find_levels();
    } else {
      for (const std::vector<int>& row : depths) place_row(row);
      for (const BlockEdge& edge : late_) put(edge.from, row_of(edge.to), made_.columns - 1);
    }
    return std::move(made_);
  }

 private:
  static int size_of(const std::vector<int>& row) { return static_cast<int>(row.size()); }
  const Block& block(int index) const { return graph_.blocks[static_cast<size_t>(index)]; }
  int size() const { return static_cast<int>(graph_.blocks.size()); }

  void put(int index, int row, int column) { made_.places[static_cast<size_t>(index)] = {row, column}; }
  void place_row(const std::vector<int>& row) {
    for (int i = 0; i < size_of(row); ++i) {
      put(row[static_cast<size_t>(i)], made_.rows, spread(i, size_of(row), made_.columns));
    }
    ++made_.rows;
  }

  int row_of(int index) const { return made_.places[static_cast<size_t>(index)].row; }
  bool is_late(int index) const {
    return std::any_of(late_.begin(), late_.end(), [&](const BlockEdge& edge) { return edge.from == index; });
  }

  // Inputs but x that are read once, by a block that stands alone in its row.
  void find_late_inputs(const std::vector<std::vector<int>>& depths) {
    for (const BlockEdge& edge : graph_.edges) {
      const auto from_here = [&](const BlockEdge& other) { return other.from == edge.from; };
      const bool once = std::count_if(graph_.edges.begin(), graph_.edges.end(), from_here) == 1;
      const bool alone = std::find(depths.begin(), depths.end(), std::vector{edge.to}) != depths.end();
      const Block& input = block(edge.from);
      if (input.ops.empty() && !input.sees_x && once && alone) late_.push_back(edge);
    }
  }

  // Blocks in the middle, a row each; an input beside the first that reads it.
  void place_conditioning() {
    std::vector<int> inputs;
    for (int i = 0; i < size(); ++i) {
      if (block(i).sees_x || is_late(i)) continue;
      if (block(i).ops.empty()) {
        inputs.push_back(i);
      } else {
        put(i, made_.rows++, made_.columns / 2);
      }
    }
    for (int i = 0; i < size_of(inputs); ++i) {
      const int input = inputs[static_cast<size_t>(i)];
      put(input, row_of_reader(input), i == 0 ? 0 : made_.columns - 1);
    }
    if (!inputs.empty()) made_.rows = std::max(made_.rows, 1);
  }

  int row_of_reader(int input) const {
    for (const BlockEdge& edge : graph_.edges) {
      if (edge.from == input && !block(edge.to).sees_x) return row_of(edge.to);
    }
    return 0;
  }

  // Blocks that see x, by the longest way to them.
  std::vector<std::vector<int>> by_depth() const {
    std::vector<int> depth(graph_.blocks.size(), 0);
    for (int i = 0; i < size(); ++i) {
      for (const BlockEdge& edge : graph_.edges) {
        if (edge.from != i || edge.kind == EdgeKind::Conditioning) continue;
        int& there = depth[static_cast<size_t>(edge.to)];
        there = std::max(there, depth[static_cast<size_t>(i)] + 1);
      }
    }
    std::vector<std::vector<int>> rows;
    for (int i = 0; i < size(); ++i) {
      if (!block(i).sees_x) continue;
      const auto at = static_cast<size_t>(depth[static_cast<size_t>(i)]);
      rows.resize(std::max(rows.size(), at + 1));
      rows[at].push_back(i);
    }
    return rows;
  }

  // The skips from the outermost to the innermost, if the network is a chain and they lie within one another.
  std::optional<std::vector<BlockEdge>> nested_skips(const std::vector<std::vector<int>>& depths) const {
    if (std::any_of(depths.begin(), depths.end(), [](const auto& row) { return row.size() != 1; })) {
      return std::nullopt;
    }
    std::vector<BlockEdge> skips;
    for (const BlockEdge& edge : graph_.edges) {
      if (edge.kind == EdgeKind::Skip) skips.push_back(edge);
    }
    std::sort(skips.begin(), skips.end(),
              [](const BlockEdge& a, const BlockEdge& b) { return a.from < b.from; });
    for (size_t i = 1; i < skips.size(); ++i) {
      if (skips[i].from == skips[i - 1].from || skips[i].to >= skips[i - 1].to) return std::nullopt;
    }
    return skips.empty() ? std::nullopt : std::optional(skips);
  }

  void place_u(const std::vector<std::vector<int>>& depths, const std::vector<BlockEdge>& skips) {
    std::vector<int> chain;
    for (const std::vector<int>& row : depths) chain.push_back(row.front());
    auto left = chain.begin(), right = chain.end();  // what is not placed yet
    for (const BlockEdge& skip : skips) {
      const auto a = std::find(left, right, skip.from), b = std::find(left, right, skip.to);
      place_arms({left, a}, {std::make_reverse_iterator(right), std::make_reverse_iterator(b + 1)});
      place_pair(*a, *b);
      left = a + 1;
      right = b;
    }
    for (; right - left > made_.columns; left += made_.columns) place_row({left, left + made_.columns});
    if (left != right) place_row({left, right});
  }

  void place_pair(int left, int right) {
    put(left, made_.rows, 0);
    put(right, made_.rows++, made_.columns - 1);
  }

  // Both arms between two skips, from the top: blocks of the same resolution share a row.
  void place_arms(const std::vector<int>& left, const std::vector<int>& right) {
    auto l = left.begin(), r = right.begin();
    const auto pixels = [&](int index) { return block(index).output.pixels(); };
    while (l != left.end() || r != right.end()) {
      const int of_left = l == left.end() ? -1 : pixels(*l), of_right = r == right.end() ? -1 : pixels(*r);
      if (of_left >= of_right) put(*l++, made_.rows, 0);
      if (of_right >= of_left) put(*r++, made_.rows, made_.columns - 1);
      ++made_.rows;
    }
  }

  void find_levels() {
    for (int row = 0; row < made_.rows; ++row) {
      const std::optional<Shape> shape = resolution_of(row);
      if (!shape) continue;
      ResolutionLevel* last = made_.levels.empty() ? nullptr : &made_.levels.back();
      if (last && last->last_row == row - 1 && last->height == shape->height && last->width == shape->width) {
        last->last_row = row;
      } else {
        made_.levels.push_back({row, row, shape->height, shape->width});
      }
    }
  }

  // Of the row's blocks that see x, if they agree.
  std::optional<Shape> resolution_of(int row) const {
    std::optional<Shape> found;
    for (int i = 0; i < size(); ++i) {
      if (made_.places[static_cast<size_t>(i)].row != row || !block(i).sees_x) continue;
      const Shape& here = block(i).output;
      if (found && (found->height != here.height || found->width != here.width)) return std::nullopt;
      found = here;
    }
    return found;
  }

  const BlockGraph& graph_;
  std::vector<BlockEdge> late_;
  BlockPlaces made_;
};

}  // namespace

BlockPlaces place_blocks(const BlockGraph& graph) { return Placer(graph).place(); }

}  // namespace undiffuse
