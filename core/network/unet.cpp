#include "core/network/unet.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/network/graph_builder.h"

namespace undiffuse {
namespace {

using nlohmann::json;

// The fields of weights/unet.py's UNetConfig.
struct Config {
  int channels_in = 0, channels_out = 0;  // of the image
  int size = 0;                           // height and width
  int fold = 0;                           // pixel-unshuffle factor
  std::vector<int> widths;                // channels at each resolution
  int blocks = 0, groups = 0, heads = 0, embedding = 0, classes = 0;
};

std::optional<std::vector<int>> read_widths(const json& config) {
  constexpr size_t kMaxLevels = 6;
  constexpr int kMaxWidth = 2048;
  const auto found = config.find("widths");
  if (found == config.end() || !found->is_array() || found->empty() || found->size() > kMaxLevels)
    return std::nullopt;
  std::vector<int> widths;
  for (const json& item : *found) {
    const std::int64_t width = item.is_number_integer() ? item.get<std::int64_t>() : 0;
    if (width < 1 || width > kMaxWidth) return std::nullopt;
    widths.push_back(static_cast<int>(width));
  }
  return widths;
}

// What the graph would otherwise divide by or allocate without end.
void check(const Config& config, ConfigReader& reader) {
  const int smallest = config.fold << (config.widths.size() - 1);
  if (config.size % smallest != 0) return reader.fail("size does not halve at every level");
  if (config.embedding % 2 != 0) return reader.fail("embedding is odd");
  if (config.widths.back() % config.heads != 0) return reader.fail("heads do not divide the last width");
  constexpr int kMaxBuffer = 1 << 22;  // floats of one image's widest buffer: 16 MiB
  const int side = config.size / config.fold;
  const int last_side = config.size / smallest;
  constexpr int kMaxPositions = 4096;  // attention's work grows with their square
  if (last_side * last_side > kMaxPositions) reader.fail("the last level is too large for attention");
  for (const int width : config.widths) {
    if (width % config.groups != 0) reader.fail("groups do not divide the widths");
    if (side * side > kMaxBuffer / (6 * width)) reader.fail("widths and size are too large");
  }
}

Config read_config(ConfigReader& reader) {
  Config config;
  config.channels_in = reader.integer("channels_in", 1, 4);
  config.channels_out = reader.integer("channels_out", 1, 8);
  config.size = reader.integer("size", 1, 512);
  config.fold = reader.integer("fold", 1, 8);
  config.blocks = reader.integer("blocks", 1, 8);
  config.groups = reader.integer("groups", 1, 2048);
  config.heads = reader.integer("heads", 1, 64);
  config.embedding = reader.integer("embedding", 2, 4096);
  config.classes = reader.integer("classes", 0, 1000);
  const std::optional<std::vector<int>> widths = read_widths(reader.object());
  if (!widths) reader.fail("'widths' is missing or out of range");
  if (reader.error()) return config;
  config.widths = *widths;
  check(config, reader);
  return config;
}

// The network, in the order and with the names of weights/unet.py.
class UNetBuilder {
 public:
  UNetBuilder(const SafeTensors& file, const Config& config) : config_(config), builder_(file) {}

  Result<Graph> build() {
    const BufferId x = builder_.buffer("x", config_.size, config_.size, config_.channels_in);
    embed();
    BufferId h = down(stem(x));
    h = residual_block("mid1", h, builder_.shape(h).channels);
    h = attention(h);
    h = residual_block("mid2", h, builder_.shape(h).channels);
    return builder_.finish(x, head(up(h)), config_.classes);
  }

 private:
  // silu(MLP(sinusoids of t) + row of the label)
  void embed() {
    const int width = config_.embedding;
    builder_.begin_block("embedding", "time and class");
    const BufferId t = builder_.buffer("t", 1, 1, 1), label = builder_.buffer("label", 1, 1, 1);
    const BufferId waves =
        builder_.add({.kind = OpKind::TimestepEmbedding, .inputs = {t}}, "waves", {1, 1, 1, width});
    Op lookup{.kind = OpKind::LabelEmbedding, .inputs = {label}};
    lookup.weight = builder_.tensor("label.weight", {config_.classes + 1, width});
    const BufferId row = builder_.add(std::move(lookup), "label.row", {1, 1, 1, width});
    const BufferId hidden = builder_.dense("time.0", "time.0", waves, width, Activation::Silu);
    embedding_ = builder_.dense("time.2", "embedding", hidden, width, Activation::Silu, row);
  }

  BufferId stem(BufferId x) {
    builder_.begin_block("stem", "stem");
    const int side = config_.size / config_.fold, folded = config_.channels_in * config_.fold * config_.fold;
    const BufferId unshuffled =
        builder_.add({.kind = OpKind::PixelUnshuffle, .inputs = {x}, .factor = config_.fold}, "folded",
                     {1, side, side, folded});
    return builder_.convolution("stem", "stem", unshuffled, config_.widths[0], {.kernel = 3});
  }

  BufferId down(BufferId h) {
    for (size_t level = 0; level < config_.widths.size(); ++level) {
      const std::string at = std::to_string(level);
      for (int i = 0; i < config_.blocks; ++i) {
        h = residual_block("down." + at + "." + std::to_string(i), h, config_.widths[level]);
        skips_.push_back(h);
      }
      if (level + 1 < config_.widths.size()) {
        builder_.begin_block("downsample." + at, "downsample");
        h = builder_.convolution("downsample." + at, "downsample." + at, h, config_.widths[level],
                                 {.kernel = 3, .stride = 2});
      }
    }
    return h;
  }

  BufferId up(BufferId h) {
    const size_t levels = config_.widths.size();
    for (size_t step = 0; step < levels; ++step) {
      const size_t level = levels - 1 - step;
      const std::string at = std::to_string(step);
      for (int i = 0; i < config_.blocks; ++i) {
        const std::string name = "up." + at + "." + std::to_string(i);
        builder_.begin_block(name, "residual block");
        h = residual_ops(name, builder_.concat(h, skips_.back()), config_.widths[level]);
        skips_.pop_back();
      }
      if (level > 0) {
        builder_.begin_block("upsample." + at, "upsample");
        h = builder_.convolution("upsample." + at, "upsample." + at, h, config_.widths[level - 1],
                                 {.kernel = 3, .upsample = 2});
      }
    }
    return h;
  }

  BufferId head(BufferId h) {
    builder_.begin_block("head", "head");
    h = builder_.group_norm("head_norm", h, config_.groups, Activation::Silu);
    const int folded = config_.channels_out * config_.fold * config_.fold;
    h = builder_.convolution("head", "head", h, folded, {.kernel = 3});
    return builder_.add({.kind = OpKind::PixelShuffle, .inputs = {h}, .factor = config_.fold}, "output",
                        {1, config_.size, config_.size, config_.channels_out});
  }

  BufferId residual_block(const std::string& name, BufferId x, int channels) {
    builder_.begin_block(name, "residual block");
    return residual_ops(name, x, channels);
  }

  BufferId residual_ops(const std::string& name, BufferId x, int channels) {
    BufferId h = builder_.group_norm(name + ".norm1", x, config_.groups, Activation::Silu);
    h = builder_.convolution(name + ".conv1", name + ".conv1", h, channels, {.kernel = 3});
    const BufferId modulation =
        builder_.dense(name + ".modulation", name + ".modulation", embedding_, 2 * channels);
    h = builder_.group_norm(name + ".norm2", h, config_.groups, Activation::Silu, modulation);
    const bool same = builder_.shape(x).channels == channels;
    const BufferId skip = same ? x : builder_.convolution(name + ".skip", name + ".skip", x, channels, {});
    return builder_.convolution(name + ".conv2", name, h, channels, {.kernel = 3, .residual = skip});
  }

  BufferId attention(BufferId x) {
    builder_.begin_block("attention", "self-attention");
    const int channels = builder_.shape(x).channels;
    const BufferId normed = builder_.group_norm("attention.norm", x, config_.groups, Activation::None);
    const BufferId qkv = builder_.convolution("attention.qkv", "attention.qkv", normed, 3 * channels, {});
    const BufferId mixed = builder_.add({.kind = OpKind::Attention, .inputs = {qkv}, .heads = config_.heads},
                                        "attention.mixed", builder_.shape(x));
    return builder_.convolution("attention.proj", "attention", mixed, channels, {.residual = x});
  }

  const Config& config_;
  GraphBuilder builder_;
  BufferId embedding_ = -1;
  std::vector<BufferId> skips_;
};

}  // namespace

Result<Graph> build_unet(const SafeTensors& file) {
  ConfigReader reader(file, "a U-Net");
  const Config config = read_config(reader);
  if (reader.error()) return *reader.error();
  return UNetBuilder(file, config).build();
}

}  // namespace undiffuse
