#include "core/network/paper_network.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/network/graph_builder.h"

namespace undiffuse {
namespace {

using nlohmann::json;

struct Config {
  int size = 0, channels = 0;                                  // of the image
  int conv_channels = 0, conv_layers = 0;                      // convolutional pathway
  int dense_hidden = 0, dense_layers = 0, dense_channels = 0;  // dense pathway
  int upper_channels = 0, upper_layers = 0;                    // on top, pixel by pixel
  int bumps = 0, num_steps = 0;                                // J and T of the readout
};

int read_num_steps(const SafeTensors& file, ConfigReader& reader) {
  constexpr int kMax = 100000;
  const auto text = file.metadata.find("num_steps");
  const json steps = text == file.metadata.end() ? json() : json::parse(text->second, nullptr, false);
  const bool whole = steps.is_number_integer();
  const std::int64_t value = whole ? steps.get<std::int64_t>() : 0;
  if (value >= 2 && value <= kMax) return static_cast<int>(value);
  reader.fail("the metadata key 'num_steps' is missing or out of range");
  return 2;
}

Config read_config(const SafeTensors& file, ConfigReader& reader) {
  Config config;
  config.size = reader.integer("size", 1, 64);
  config.channels = reader.integer("channels", 1, 4);
  config.conv_channels = reader.integer("conv_channels", 1, 512);
  config.conv_layers = reader.integer("conv_layers", 1, 16);
  config.dense_hidden = reader.integer("dense_hidden", 1, 4096);
  config.dense_layers = reader.integer("dense_layers", 1, 16);
  config.dense_channels = reader.integer("dense_channels", 1, 64);
  config.upper_channels = reader.integer("upper_channels", 1, 512);
  config.upper_layers = reader.integer("upper_layers", 1, 16);
  config.bumps = reader.integer("bumps", 1, 64);
  config.num_steps = read_num_steps(file, reader);
  return config;
}

constexpr const char* kCoefficientsNote =
    "Does the network take t and return a mean and a variance for each pixel? No: it never sees t. "
    "It returns coefficients over time, for each pixel one set for the mean and one for the variance.";
constexpr const char* kReadoutNote =
    "Here t comes in: the coefficients, weighted with the bumps at t, add up to z^μ and z^Σ of each pixel, "
    "from which the step's mean and variance follow.";

class PaperNetworkBuilder {
 public:
  PaperNetworkBuilder(const SafeTensors& file, const Config& config) : config_(config), builder_(file) {}

  Result<Graph> build() {
    const BufferId x = builder_.buffer("x", config_.size, config_.size, config_.channels);
    const BufferId t = builder_.buffer("t", 1, 1, 1);
    const BufferId convolved = convolutions(x), dense = dense_pathway(x);
    return builder_.finish(x, readout(upper(convolved, dense), t), 0);
  }

 private:
  static std::string numbered(const char* part, int i) { return part + ("." + std::to_string(i)); }

  BufferId convolutions(BufferId h) {
    for (int i = 0; i < config_.conv_layers; ++i) {
      const std::string name = numbered("conv", i);
      builder_.begin_block(name, "convolution");
      h = builder_.convolution(name, name, h, config_.conv_channels,
                               {.kernel = 3, .activation = Activation::LeakyRelu});
    }
    return h;
  }

  // The image as one vector, through dense layers, and back to an image.
  BufferId dense_pathway(BufferId x) {
    const int size = config_.size, last = config_.dense_layers - 1;
    builder_.begin_block("dense.0", "dense layer");
    BufferId h = builder_.add({.kind = OpKind::PixelUnshuffle, .inputs = {x}, .factor = size}, "flat",
                              {1, 1, 1, size * size * config_.channels});
    for (int i = 0; i <= last; ++i) {
      const std::string name = numbered("dense", i);
      if (i > 0) builder_.begin_block(name, i < last ? "dense layer" : "dense layer to pixels");
      const int width = i < last ? config_.dense_hidden : size * size * config_.dense_channels;
      h = builder_.dense(name, name, h, width, i < last ? Activation::Tanh : Activation::None);
    }
    return builder_.add({.kind = OpKind::PixelShuffle, .inputs = {h}, .factor = size}, "dense.image",
                        {1, size, size, config_.dense_channels});
  }

  // The same small dense network for every pixel.
  BufferId upper(BufferId convolved, BufferId dense) {
    builder_.begin_block("upper", "coefficients", kCoefficientsNote);
    BufferId h = builder_.concat(convolved, dense);
    const int last = config_.upper_layers - 1;
    for (int i = 0; i <= last; ++i) {
      const std::string name = numbered("upper", i);
      const bool hidden = i < last;
      h = builder_.convolution(name, name, h,
                               hidden ? config_.upper_channels : 2 * config_.bumps * config_.channels,
                               {.activation = hidden ? Activation::Tanh : Activation::None});
    }
    return h;
  }

  BufferId readout(BufferId coefficients, BufferId t) {
    builder_.begin_block("readout", "readout at t", kReadoutNote);
    return builder_.add({.kind = OpKind::TemporalReadout,
                         .inputs = {coefficients, t},
                         .bumps = config_.bumps,
                         .num_steps = config_.num_steps},
                        "output", {1, config_.size, config_.size, 2 * config_.channels});
  }

  const Config& config_;
  GraphBuilder builder_;
};

}  // namespace

Result<Graph> build_paper_network(const SafeTensors& file) {
  ConfigReader reader(file, "the 2015 paper's network");
  const Config config = read_config(file, reader);
  if (reader.error()) return *reader.error();
  return PaperNetworkBuilder(file, config).build();
}

}  // namespace undiffuse
