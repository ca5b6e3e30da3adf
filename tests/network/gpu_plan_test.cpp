// The GPU plan as data; tests/web/gpu.spec.ts runs it on a device.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "core/network/gpu/plan.h"
#include "support/run_graph.h"

namespace undiffuse {
namespace {

TEST(GpuPlan, ADispatchNeverWritesWhatItReads) {
  const Result<gpu::Plan> plan = gpu::compile(tiny_graph({.blocks = 2}), 3);
  ASSERT_TRUE(plan.ok());
  for (const gpu::Dispatch& dispatch : plan->dispatches) {
    const int written = dispatch.bindings.back().buffer;
    EXPECT_GE(written, 0) << dispatch.label;
    for (size_t i = 0; i + 1 < dispatch.bindings.size(); ++i) {
      EXPECT_NE(dispatch.bindings[i].buffer, written) << dispatch.label;
    }
  }
}

// Memory of a buffer is taken again only when nobody reads it any more: replays who holds what.
TEST(GpuPlan, EveryDispatchReadsWhatItsOpReads) {
  const Graph graph = tiny_graph({.blocks = 2});
  const Result<gpu::Plan> plan = gpu::compile(graph, 1);
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->dispatches.size(), graph.ops.size());
  std::vector<BufferId> holds(plan->buffers.size(), -1);
  holds[static_cast<size_t>(plan->x)] = graph.find("x");
  holds[static_cast<size_t>(plan->t)] = graph.find("t");
  holds[static_cast<size_t>(plan->label)] = graph.find("label");
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    std::multiset<BufferId> read;
    for (const gpu::Binding& binding : plan->dispatches[i].bindings) {
      if (binding.buffer >= 0) read.insert(holds[static_cast<size_t>(binding.buffer)]);
    }
    for (const BufferId input : graph.ops[i].inputs)
      EXPECT_TRUE(read.count(input)) << plan->dispatches[i].label;
    if (graph.ops[i].residual >= 0) {
      EXPECT_TRUE(read.count(graph.ops[i].residual));
    }
    const size_t written = static_cast<size_t>(plan->dispatches[i].bindings.back().buffer);
    EXPECT_GE(plan->buffers[written].floats,
              static_cast<size_t>(graph.buffers[static_cast<size_t>(graph.ops[i].output)].shape.size()));
    holds[written] = graph.ops[i].output;
  }
  EXPECT_EQ(holds[static_cast<size_t>(plan->output)], graph.find("output"));
  EXPECT_LT(plan->buffers.size(), graph.buffers.size() / 2) << "memory is shared";
}

TEST(GpuPlan, WeightsStartWhereBindingsMay) {
  const Result<gpu::Plan> plan = gpu::compile(tiny_graph(), 1);
  ASSERT_TRUE(plan.ok());
  for (const gpu::Dispatch& dispatch : plan->dispatches) {
    for (const gpu::Binding& binding : dispatch.bindings) {
      if (binding.buffer >= 0) continue;
      EXPECT_EQ(binding.offset % gpu::Plan::kAlignment, 0u);
      EXPECT_LE(binding.offset + binding.size, plan->weights.size());
    }
  }
}

TEST(GpuPlan, EveryShaderIsThereWithWhatItCalls) {
  const Result<gpu::Plan> plan = gpu::compile(tiny_graph(), 1);
  ASSERT_TRUE(plan.ok());
  for (const gpu::Dispatch& dispatch : plan->dispatches) {
    const std::string source = gpu::shader_source(dispatch.shader);
    EXPECT_NE(source.find("fn main("), std::string::npos) << dispatch.shader;
    for (const char* function : {"activated", "on_circle", "four_weights"}) {
      const bool called = source.find(std::string(function) + "(") != std::string::npos;
      EXPECT_EQ(called, source.find("fn " + std::string(function) + "(") != std::string::npos) << function;
    }
  }
  EXPECT_EQ(gpu::shader_source("no such shader"), "");
}

TEST(GpuPlan, Float16HalvesTheMatricesAndTheirTraffic) {
  const Graph graph = tiny_graph();
  const gpu::Plan whole = gpu::compile(graph, 1).value(),
                  half = gpu::compile(graph, 1, gpu::WeightType::Float16).value();
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const gpu::Dispatch &before = whole.dispatches[i], &after = half.dispatches[i];
    if (graph.ops[i].kind != OpKind::Convolution) {
      EXPECT_EQ(after.traffic, before.traffic);
      continue;
    }
    EXPECT_EQ(2 * after.bindings[1].size, before.bindings[1].size) << after.label;
    EXPECT_EQ(after.bindings[2].size, before.bindings[2].size) << "biases stay as they are";
    EXPECT_EQ(before.traffic - after.traffic, after.bindings[1].size);
  }
}

TEST(GpuPlan, Float16WeightsAreTheNearest) {
  GraphMaker maker(1, 1, 3);
  maker.convolution(GraphMaker::kX, 1);
  Graph graph = maker.finish();
  graph.ops[0].weight = {1.0f / 3, -2, 1e-9f};
  const gpu::Plan plan = gpu::compile(graph, 1, gpu::WeightType::Float16).value();
  const size_t at = plan.dispatches[0].bindings[1].offset;
  EXPECT_EQ(plan.weights[at], 0xc0003555u);  // 1/3 in the low half, then -2
  EXPECT_EQ(plan.weights[at + 1], 0u);       // too small, and what the row is padded with
}

TEST(GpuPlan, RefusesWhatDefaultLimitsDoNotTake) {
  GraphMaker wide(64, 64, 4);
  wide.concat(GraphMaker::kX, GraphMaker::kX);
  EXPECT_TRUE(gpu::compile(wide.finish(), 16).ok());
  const Result<gpu::Plan> bindings = gpu::compile(wide.finish(), 1500);  // 187 MiB in a binding
  ASSERT_FALSE(bindings.ok());
  EXPECT_NE(bindings.error().message.find("too large"), std::string::npos);
  const Result<gpu::Plan> groups = gpu::compile(wide.finish(), 600);  // 75 MiB, but 76,800 workgroups
  EXPECT_FALSE(groups.ok());
  GraphMaker deep(1, 1, 3 * 2100);  // a query of 2,100 and as much for its result
  deep.attention(GraphMaker::kX, 1);
  EXPECT_FALSE(gpu::compile(deep.finish(), 1).ok());
}

TEST(GpuPlan, DescribesItselfInBytes) {
  const Result<gpu::Plan> plan = gpu::compile(tiny_graph(), 2);
  ASSERT_TRUE(plan.ok());
  const nlohmann::json json = nlohmann::json::parse(gpu::describe_plan(*plan));
  ASSERT_EQ(json["dispatches"].size(), plan->dispatches.size());
  EXPECT_EQ(json["buffers"][json["x"].get<size_t>()]["size"], 4 * 2 * plan->input.image_size());
  for (const nlohmann::json& dispatch : json["dispatches"]) {
    EXPECT_TRUE(json["shaders"].contains(dispatch["shader"].get<std::string>()));
  }
}

}  // namespace
}  // namespace undiffuse
