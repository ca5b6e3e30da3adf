// Builds the graph of the 2015 paper's image network (Sohl-Dickstein et al. 2015, appendix D.2), as its
// reference code has it for MNIST, from a weights file that weights/paper_network.py trains.
//
// The network never sees t. For each pixel it puts out 2J coefficients, those of the mean's and the
// variance's course over time, and only the readout at the end turns them into two numbers at t.
#pragma once

#include "core/base/error.h"
#include "core/network/graph.h"
#include "core/network/safetensors.h"

namespace undiffuse {

/// Reads the metadata keys `config` (JSON: size, channels, conv_channels, conv_layers, dense_hidden,
/// dense_layers, dense_channels, upper_channels, upper_layers, bumps) and `num_steps`, and every tensor
/// that they call for. Refuses what is missing, unknown or out of range, naming it.
Result<Graph> build_paper_network(const SafeTensors& file);

}  // namespace undiffuse
