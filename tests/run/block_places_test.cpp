#include "core/run/block_places.h"

#include <gtest/gtest.h>

#include <set>

#include "core/run/model.h"
#include "support/files.h"
#include "support/run_graph.h"

namespace undiffuse {
namespace {

struct Drawing {
  explicit Drawing(const Graph& of) : graph(blocks_of(of)), drawn(place_blocks(graph)) {}

  BlockPlace at(const std::string& name) const {
    for (size_t i = 0; i < graph.blocks.size(); ++i) {
      if (graph.blocks[i].name == name) return drawn.places[i];
    }
    ADD_FAILURE() << "no block " << name;
    return {};
  }
  std::string place(const std::string& name) const {
    return std::to_string(at(name).row) + "," + std::to_string(at(name).column);
  }

  BlockGraph graph;
  BlockPlaces drawn;
};

void expect_sound(const Drawing& drawing) {
  std::set<std::pair<int, int>> taken;
  for (const BlockPlace& place : drawing.drawn.places) {
    EXPECT_TRUE(taken.insert({place.row, place.column}).second) << place.row << ", " << place.column;
    EXPECT_TRUE(place.row >= 0 && place.row < drawing.drawn.rows);
    EXPECT_TRUE(place.column >= 0 && place.column < drawing.drawn.columns);
  }
}

TEST(BlockPlaces, TheDefaultModelIsAU) {
  Result<Model> model = load_model(default_weights());
  ASSERT_TRUE(model.ok());
  const Drawing u(model->graph);
  expect_sound(u);
  EXPECT_EQ(u.place("t"), "0,0");
  EXPECT_EQ(u.place("embedding"), "0,1");
  EXPECT_EQ(u.place("label"), "0,2");
  // Down on the left, along the bottom, up on the right; each resolution's blocks on the same rows.
  EXPECT_EQ(u.place("x"), "1,0");
  EXPECT_EQ(u.place("head"), "1,2");
  EXPECT_EQ(u.place("stem"), "2,0");
  EXPECT_EQ(u.place("down.0.0"), "3,0");
  EXPECT_EQ(u.place("up.1.0"), "3,2");
  EXPECT_EQ(u.place("upsample.0"), "4,2");
  EXPECT_EQ(u.place("downsample.0"), "5,0");
  EXPECT_EQ(u.place("down.1.0"), "6,0");
  EXPECT_EQ(u.place("up.0.0"), "6,2");
  EXPECT_EQ(u.place("mid1"), "7,0");
  EXPECT_EQ(u.place("attention"), "7,1");
  EXPECT_EQ(u.place("mid2"), "7,2");
  EXPECT_EQ(u.drawn.rows, 8);
  ASSERT_EQ(u.drawn.levels.size(), 3u);
  const int expected[][3] = {{1, 1, 28}, {2, 4, 14}, {5, 7, 7}};
  for (size_t i = 0; i < 3; ++i) {
    const ResolutionLevel& level = u.drawn.levels[i];
    EXPECT_EQ(level.first_row, expected[i][0]);
    EXPECT_EQ(level.last_row, expected[i][1]);
    EXPECT_EQ(level.height, expected[i][2]);
    EXPECT_EQ(level.width, expected[i][2]);
  }
}

TEST(BlockPlaces, SkipsOfAnyUNetAreLevelAndResolutionsStayTogether) {
  for (const int blocks : {1, 2, 3}) {
    for (const std::vector<int>& widths : {std::vector{4}, {4, 6}, {4, 6, 8}}) {
      const Drawing u(tiny_graph({.widths = widths, .blocks = blocks}));
      expect_sound(u);
      for (const BlockEdge& edge : u.graph.edges) {
        if (edge.kind != EdgeKind::Skip) continue;
        const auto place = [&](int block) { return u.drawn.places[static_cast<size_t>(block)]; };
        EXPECT_EQ(place(edge.from).row, place(edge.to).row);
        EXPECT_EQ(place(edge.from).column, 0);
        EXPECT_EQ(place(edge.to).column, 2);
      }
      EXPECT_EQ(u.drawn.levels.size(), widths.size() + 1);  // and the image's own
    }
  }
}

TEST(BlockPlaces, WithoutSkipsItGoesDownAndWaysStandSideBySide) {
  GraphMaker maker(4, 4, 2);
  const BufferId start = maker.convolution(GraphMaker::kX, 2);
  const BufferId shorter = maker.convolution(start, 2, {.kernel = 3});
  const BufferId longer = maker.convolution(maker.convolution(start, 2), 2);
  maker.concat(shorter, longer);
  const Drawing drawing(maker.finish());
  expect_sound(drawing);
  EXPECT_EQ(drawing.place("x"), "0,1");
  EXPECT_EQ(drawing.place("buffer 3"), "1,1");
  EXPECT_EQ(drawing.place("buffer 4"), "2,0");
  EXPECT_EQ(drawing.place("buffer 5"), "2,2");
  EXPECT_EQ(drawing.place("buffer 6"), "3,1");
  EXPECT_EQ(drawing.place("output"), "4,1");
}

// The readout of a network that sees t only at its end: t stands on top, the network goes down.
TEST(BlockPlaces, WhatSeesTAloneStandsOnTop) {
  GraphMaker maker(1, 1, 4);
  const BufferId hidden = maker.convolution(GraphMaker::kX, 8, {.activation = Activation::Silu});
  const BufferId basis = maker.timestep_embedding(16);
  maker.group_norm(hidden, 2, Activation::None, basis);
  const Drawing drawing(maker.finish());
  expect_sound(drawing);
  EXPECT_EQ(drawing.place("t"), "0,0");
  EXPECT_EQ(drawing.place("buffer 4"), "0,1");
  EXPECT_EQ(drawing.place("x"), "1,1");
  EXPECT_EQ(drawing.place("output"), "3,1");
}

// A readout that reads t itself, at the end: t stands beside it, where its way crosses no block.
TEST(BlockPlaces, AnInputThatIsReadLateStandsBesideItsReader) {
  GraphMaker maker(4, 4, 2);
  const BufferId left = maker.convolution(GraphMaker::kX, 3), right = maker.convolution(GraphMaker::kX, 5);
  maker.temporal_readout(maker.concat(left, right), 4, 100);
  const Drawing drawing(maker.finish());
  expect_sound(drawing);
  EXPECT_EQ(drawing.place("x"), "0,1");
  EXPECT_EQ(drawing.place("buffer 3"), "1,0");
  EXPECT_EQ(drawing.place("buffer 4"), "1,2");
  EXPECT_EQ(drawing.place("output"), "3,1");
  EXPECT_EQ(drawing.place("t"), "3,2");
}

}  // namespace
}  // namespace undiffuse
