// Builds the graph of the U-Net that weights/unet.py trains, from a weights file.
#pragma once

#include "core/base/error.h"
#include "core/network/graph.h"
#include "core/network/safetensors.h"

namespace undiffuse {

/// Reads the `config` key of the metadata (JSON, the fields of weights/unet.py's UNetConfig) and
/// every tensor that it calls for. Buffers carry the names of UNet.activations there. Refuses
/// missing, unknown, wrong-shaped or non-finite tensors and configs out of range, naming them.
Result<Graph> build_unet(const SafeTensors& file);

}  // namespace undiffuse
