#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "core/base/half.h"
#include "core/network/gpu/kernels.h"
#include "core/network/gpu/plan.h"
#include "core/network/lifetimes.h"

namespace undiffuse::gpu {
namespace {

// WebGPU's default limits, which every implementation has.
constexpr size_t kMaxBinding = (size_t{128} << 20) / sizeof(float);
constexpr size_t kMaxBuffer = (size_t{256} << 20) / sizeof(float);
constexpr size_t kMaxGroups = 65535;
constexpr size_t kMaxWorkgroupMemory = (16 << 10) / sizeof(float);

// Gives the graph's buffers memory. A GPU buffer must not be read and written in the same dispatch, so
// memory is shared in whole buffers: one that nobody reads any more is taken for what is written next.
class Memory {
 public:
  Memory(const Graph& graph, int max_batch, std::vector<PlanBuffer>& buffers)
      : graph_(graph), max_batch_(max_batch), lives_(lifetimes(graph)), buffers_(buffers) {
    of_.assign(graph.buffers.size(), -1);
    for (const char* name : {"x", "t", "label"}) {
      if (graph.find(name) >= 0) of_[static_cast<size_t>(graph.find(name))] = add(name, kForever);
    }
    for (size_t i = 0; i < graph.ops.size(); ++i) place(graph.ops[i].output, static_cast<int>(i));
    for (size_t id = 0; id < graph.buffers.size(); ++id) {
      if (of_[id] < 0) continue;  // an input that the network does not have
      size_t& floats = buffers_[static_cast<size_t>(of_[id])].floats;
      floats = std::max(floats, floats_of(id));
    }
  }

  int of(BufferId id) const { return id < 0 ? -1 : of_[static_cast<size_t>(id)]; }

 private:
  static constexpr int kForever = 1 << 30;

  size_t floats_of(size_t id) const {
    return static_cast<size_t>(graph_.buffers[id].shape.size()) * static_cast<size_t>(max_batch_);
  }

  int add(const std::string& label, int busy_until) {
    buffers_.push_back({label, 0});
    busy_until_.push_back(busy_until);
    return static_cast<int>(buffers_.size()) - 1;
  }

  void place(BufferId id, int op) {
    const auto free =
        std::find_if(busy_until_.begin(), busy_until_.end(), [&](int until) { return until < op; });
    const int memory = free != busy_until_.end() ? static_cast<int>(free - busy_until_.begin())
                                                 : add("activations " + std::to_string(buffers_.size()), 0);
    busy_until_[static_cast<size_t>(memory)] = lives_[static_cast<size_t>(id)].last;
    of_[static_cast<size_t>(id)] = memory;
  }

  const Graph& graph_;
  int max_batch_;
  std::vector<Lifetime> lives_;
  std::vector<PlanBuffer>& buffers_;
  std::vector<int> busy_until_;  // by plan buffer: the last op that reads it
  std::vector<int> of_;          // by BufferId
};

std::vector<std::uint32_t> float32_words(const std::vector<float>& tensor) {
  std::vector<std::uint32_t> words(tensor.size());
  std::memcpy(words.data(), tensor.data(), tensor.size() * sizeof(float));
  return words;
}

std::vector<std::uint32_t> float16_words(const std::vector<float>& tensor) {
  std::vector<std::uint32_t> words((tensor.size() + 1) / 2);
  for (size_t i = 0; i < tensor.size(); ++i) {
    words[i / 2] |= static_cast<std::uint32_t>(float_to_half(tensor[i])) << (i % 2 * 16);
  }
  return words;
}

Binding add_weights(const std::vector<std::uint32_t>& words, std::vector<std::uint32_t>& weights) {
  const Binding binding{Binding::kWeights, weights.size(), words.size()};
  weights.insert(weights.end(), words.begin(), words.end());
  weights.resize((weights.size() + Plan::kAlignment - 1) / Plan::kAlignment * Plan::kAlignment);
  return binding;
}

size_t groups_x(const Dispatch& dispatch, int batch) {
  const size_t items = static_cast<size_t>(batch) * static_cast<size_t>(dispatch.items);
  const auto each = static_cast<size_t>(dispatch.items_per_group);
  return (items + each - 1) / each;
}

// Activations once each, and the weights.
size_t traffic_of(const Graph& graph, const Op& op, const Dispatch& dispatch) {
  std::set<BufferId> touched(op.inputs.begin(), op.inputs.end());
  touched.insert(op.output);
  if (op.residual >= 0) touched.insert(op.residual);
  std::map<size_t, size_t> weights;  // by offset: a part may be bound twice
  for (const Binding& binding : dispatch.bindings) {
    if (binding.buffer == Binding::kWeights) weights[binding.offset] = binding.size;
  }
  size_t words = 0;
  for (const BufferId id : touched)
    words += static_cast<size_t>(graph.buffers[static_cast<size_t>(id)].shape.size());
  for (const auto& [offset, size] : weights) words += size;
  return words;
}

// The attention's query and what is mixed lie in workgroup memory, beside a share for each worker.
bool attention_fits(const Graph& graph) {
  return std::all_of(graph.ops.begin(), graph.ops.end(), [&](const Op& op) {
    if (op.kind != OpKind::Attention) return true;
    const Shape& out = graph.buffers[static_cast<size_t>(op.output)].shape;
    return static_cast<size_t>(2 * out.channels / op.heads + kWorkers) <= kMaxWorkgroupMemory;
  });
}

bool fits(const Plan& plan) {
  const auto is_small = [](const PlanBuffer& buffer) { return buffer.floats <= kMaxBinding; };
  const auto is_short = [&](const Dispatch& dispatch) {
    return groups_x(dispatch, plan.max_batch) <= kMaxGroups &&
           std::all_of(dispatch.bindings.begin(), dispatch.bindings.end(),
                       [](const Binding& binding) { return binding.size <= kMaxBinding; });
  };
  return plan.weights.size() <= kMaxBuffer &&
         std::all_of(plan.buffers.begin(), plan.buffers.end(), is_small) &&
         std::all_of(plan.dispatches.begin(), plan.dispatches.end(), is_short);
}

}  // namespace

Result<Plan> compile(const Graph& graph, int max_batch, WeightType weight_type) {
  UNDIFFUSE_ASSERT(max_batch >= 1 && graph.find("x") >= 0 && graph.find("output") >= 0);
  Plan plan;
  plan.max_batch = max_batch;
  plan.weight_type = weight_type;
  const Memory memory(graph, max_batch, plan.buffers);
  const auto shape = [&](BufferId id) { return graph.buffers[static_cast<size_t>(id)].shape; };
  for (const Op& op : graph.ops) {
    OpContext context{op, {}, shape(op.output), max_batch, {}, {}, {}};
    for (const BufferId input : op.inputs) context.in.push_back(shape(input));
    context.buffer = [&](BufferId id) { return Binding{memory.of(id), 0, 0}; };
    context.weights = [&](const std::vector<float>& tensor) {
      return add_weights(float32_words(tensor), plan.weights);
    };
    context.matrix = [&](const std::vector<float>& tensor) {
      const bool half = weight_type == WeightType::Float16;
      return add_weights(half ? float16_words(tensor) : float32_words(tensor), plan.weights);
    };
    plan.dispatches.push_back(make_dispatch(context));
    Dispatch& dispatch = plan.dispatches.back();
    dispatch.label = graph.buffers[static_cast<size_t>(op.output)].name;
    dispatch.flops = graph.flops(op);
    dispatch.traffic = traffic_of(graph, op, dispatch);
  }
  plan.x = memory.of(graph.find("x")), plan.t = memory.of(graph.find("t"));
  plan.label = memory.of(graph.find("label")), plan.output = memory.of(graph.find("output"));
  plan.input = graph.input, plan.result = graph.output;
  if (!attention_fits(graph) || !fits(plan)) {
    return Error{"This network is too large for WebGPU's default limits: it runs on the processor."};
  }
  return plan;
}

}  // namespace undiffuse::gpu
