#include <nlohmann/json.hpp>

#include "core/network/gpu/plan.h"

namespace undiffuse::gpu {
namespace {

using nlohmann::json;

constexpr size_t kWord = sizeof(std::uint32_t);

json description_of(const Binding& binding) {
  if (binding.buffer != Binding::kWeights) return {{"buffer", binding.buffer}};
  return {{"offset", binding.offset * kWord}, {"size", binding.size * kWord}};
}

json description_of(const Dispatch& dispatch) {
  json constants = json::object(), bindings = json::array();
  for (const Constant& constant : dispatch.constants) constants[std::string(constant.name)] = constant.value;
  for (const Binding& binding : dispatch.bindings) bindings.push_back(description_of(binding));
  return {{"label", dispatch.label},
          {"shader", dispatch.shader},
          {"constants", std::move(constants)},
          {"shape", dispatch.shape},
          {"bindings", std::move(bindings)},
          {"items", dispatch.items},
          {"items_per_group", dispatch.items_per_group},
          {"groups_y", dispatch.groups_y},
          {"flops", dispatch.flops},
          {"traffic", dispatch.traffic * kWord}};
}

}  // namespace

std::string describe_plan(const Plan& plan) {
  json shaders = json::object(), buffers = json::array(), dispatches = json::array();
  for (const Dispatch& dispatch : plan.dispatches) {
    shaders[std::string(dispatch.shader)] = shader_source(dispatch.shader, plan.weight_type);
    dispatches.push_back(description_of(dispatch));
  }
  for (const char* sampler : {"sampler_input", "sampler_step"})
    shaders[sampler] = shader_source(sampler, plan.weight_type);
  for (const PlanBuffer& buffer : plan.buffers) {
    buffers.push_back({{"label", buffer.label}, {"size", buffer.floats * sizeof(float)}});
  }
  return json{{"max_batch", plan.max_batch},
              {"input", plan.input.image_size()},
              {"result", plan.result.image_size()},
              {"x", plan.x},
              {"t", plan.t},
              {"label", plan.label},
              {"output", plan.output},
              {"shaders", std::move(shaders)},
              {"buffers", std::move(buffers)},
              {"dispatches", std::move(dispatches)}}
      .dump();
}

}  // namespace undiffuse::gpu
