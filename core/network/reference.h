// The scalar reference of every op: plain loops, written to be read. Engines are tested against it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/network/engine.h"
#include "core/network/graph.h"

namespace undiffuse {

/// Runs the graph on one image (B = 1) and returns every buffer by its name.
std::map<std::string, std::vector<float>> run_reference(const Graph& graph, const ModelInputs& inputs);

}  // namespace undiffuse
