#include "core/network/unet.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

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

Error bad_config(const std::string& what) {
  return {"The weights file's config is not one of a U-Net: " + what + ". Export the model again."};
}

std::optional<int> read_int(const json& config, const char* name, int min, int max) {
  const auto found = config.find(name);
  if (found == config.end() || !found->is_number_integer()) return std::nullopt;
  const auto value = found->get<std::int64_t>();
  return value >= min && value <= max ? std::optional(static_cast<int>(value)) : std::nullopt;
}

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
std::optional<Error> check(const Config& config) {
  const int smallest = config.fold << (config.widths.size() - 1);
  if (config.size % smallest != 0) return bad_config("size does not halve at every level");
  if (config.embedding % 2 != 0) return bad_config("embedding is odd");
  if (config.widths.back() % config.heads != 0) return bad_config("heads do not divide the last width");
  constexpr int kMaxBuffer = 1 << 22;  // floats of one image's widest buffer: 16 MiB
  const int side = config.size / config.fold;
  const int last_side = config.size / smallest;
  constexpr int kMaxPositions = 4096;  // attention's work grows with their square
  if (last_side * last_side > kMaxPositions) return bad_config("the last level is too large for attention");
  for (const int width : config.widths) {
    if (width % config.groups != 0) return bad_config("groups do not divide the widths");
    if (side * side > kMaxBuffer / (6 * width)) return bad_config("widths and size are too large");
  }
  return std::nullopt;
}

Result<Config> read_config(const SafeTensors& file) {
  const auto text = file.metadata.find("config");
  if (text == file.metadata.end()) return bad_config("the metadata key 'config' is missing");
  const json object = json::parse(text->second, nullptr, false);
  if (!object.is_object()) return bad_config("it is not a JSON object");
  Config config;
  const struct {
    const char* name;
    int* field;
    int min, max;
  } fields[] = {{"channels_in", &config.channels_in, 1, 4},
                {"channels_out", &config.channels_out, 1, 8},
                {"size", &config.size, 1, 512},
                {"fold", &config.fold, 1, 8},
                {"blocks", &config.blocks, 1, 8},
                {"groups", &config.groups, 1, 2048},
                {"heads", &config.heads, 1, 64},
                {"embedding", &config.embedding, 2, 4096},
                {"classes", &config.classes, 1, 1000}};
  for (const auto& field : fields) {
    const std::optional<int> value = read_int(object, field.name, field.min, field.max);
    if (!value) return bad_config(std::string("'") + field.name + "' is missing or out of range");
    *field.field = *value;
  }
  const std::optional<std::vector<int>> widths = read_widths(object);
  if (!widths) return bad_config("'widths' is missing or out of range");
  config.widths = *widths;
  if (std::optional<Error> error = check(config)) return *error;
  return config;
}

// Adds ops to a graph and keeps the first error, so that the network's shape stays readable below.
class Builder {
 public:
  Builder(const SafeTensors& file, const Config& config) : file_(file), config_(config) {}

  BufferId buffer(const std::string& name, int height, int width, int channels) {
    graph_.buffers.push_back({name, {1, height, width, channels}});
    return static_cast<BufferId>(graph_.buffers.size()) - 1;
  }
  Shape shape(BufferId id) const { return graph_.buffers[static_cast<size_t>(id)].shape; }

  std::vector<float> tensor(const std::string& name, const std::vector<std::int64_t>& wanted) {
    used_.insert(name);
    Result<std::vector<float>> values = file_.read(name, wanted);
    if (values) return std::move(*values);
    if (!error_) error_ = values.error();
    return std::vector<float>();
  }

  struct ConvolutionOptions {
    int kernel = 1, stride = 1, upsample = 1;
    Activation activation = Activation::None;
    BufferId residual = -1;
    bool dense = false;  // stored as a linear layer, [out, in]
  };

  /// `name` names the tensors, `output` the buffer.
  BufferId convolution(const std::string& name, const std::string& output, BufferId input, int channels,
                       const ConvolutionOptions& options) {
    const Shape in = shape(input);
    Op op{.kind = OpKind::Convolution, .inputs = {input}};
    op.kernel = options.kernel;
    op.stride = options.stride;
    op.upsample = options.upsample;
    op.activation = options.activation;
    op.residual = options.residual;
    const auto out64 = std::int64_t{channels}, in64 = std::int64_t{in.channels},
               k = std::int64_t{options.kernel};
    const std::vector<std::int64_t> stored =
        options.dense ? std::vector{out64, in64} : std::vector{out64, in64, k, k};
    op.weight = channels_last(tensor(name + ".weight", stored), channels, in.channels, options.kernel);
    op.bias = tensor(name + ".bias", {out64});
    const auto size = [&](int input_size) {
      return (input_size * options.upsample - 1) / options.stride + 1;
    };
    return add(std::move(op), output, {1, size(in.height), size(in.width), channels});
  }

  BufferId dense(const std::string& name, const std::string& output, BufferId input, int channels,
                 Activation activation = Activation::None, BufferId residual = -1) {
    return convolution(name, output, input, channels,
                       {.activation = activation, .residual = residual, .dense = true});
  }

  /// `scale_shift`: [1,1,2C] with the scales first, or -1.
  BufferId group_norm(const std::string& name, BufferId input, Activation activation,
                      BufferId scale_shift = -1) {
    Op op{.kind = OpKind::GroupNorm, .inputs = {input}};
    if (scale_shift >= 0) op.inputs.push_back(scale_shift);
    op.groups = config_.groups;
    op.activation = activation;
    op.weight = tensor(name + ".weight", {shape(input).channels});
    op.bias = tensor(name + ".bias", {shape(input).channels});
    return add(std::move(op), name, shape(input));
  }

  /// What is added next belongs to this block.
  void begin_block(const std::string& name, const std::string& title) {
    graph_.blocks.push_back({name, title});
  }

  BufferId add(Op op, const std::string& output, Shape out) {
    op.block = static_cast<int>(graph_.blocks.size()) - 1;
    op.output = buffer(output, out.height, out.width, out.channels);
    graph_.ops.push_back(std::move(op));
    return graph_.ops.back().output;
  }

  /// The finished graph, unless something was missing or is left over.
  Result<Graph> finish() {
    if (error_) return *error_;
    for (const auto& [name, stored] : file_.tensors) {
      if (!used_.count(name)) {
        return Error{"The weights file holds a tensor '" + name.substr(0, 80) +
                     "' that its network does not have: export the model again."};
      }
    }
    return std::move(graph_);
  }

  Graph& graph() { return graph_; }

 private:
  // PyTorch's [out, in, k, k] -> [out, k, k, in], the order in which a channels-last image is read.
  static std::vector<float> channels_last(std::vector<float> stored, int out, int in, int kernel) {
    if (kernel == 1 || stored.empty()) return stored;
    const auto taps = static_cast<size_t>(kernel * kernel), inputs = static_cast<size_t>(in);
    std::vector<float> moved(stored.size());
    for (size_t o = 0; o < static_cast<size_t>(out); ++o) {
      for (size_t i = 0; i < inputs; ++i) {
        for (size_t tap = 0; tap < taps; ++tap) {
          moved[(o * taps + tap) * inputs + i] = stored[(o * inputs + i) * taps + tap];
        }
      }
    }
    return moved;
  }

  const SafeTensors& file_;
  const Config& config_;
  Graph graph_;
  std::set<std::string> used_;
  std::optional<Error> error_;
};

// The network, in the order and with the names of weights/unet.py.
class UNetBuilder {
 public:
  UNetBuilder(const SafeTensors& file, const Config& config) : config_(config), builder_(file, config) {}

  Result<Graph> build() {
    const BufferId x = builder_.buffer("x", config_.size, config_.size, config_.channels_in);
    embed();
    BufferId h = down(stem(x));
    h = residual_block("mid1", h, builder_.shape(h).channels);
    h = attention(h);
    h = residual_block("mid2", h, builder_.shape(h).channels);
    const BufferId output = head(up(h));
    Graph& graph = builder_.graph();
    graph.num_classes = config_.classes;
    graph.input = builder_.shape(x);
    graph.output = builder_.shape(output);
    return builder_.finish();
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
        h = residual_ops(name, concat(h, skips_.back()), config_.widths[level]);
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
    h = builder_.group_norm("head_norm", h, Activation::Silu);
    const int folded = config_.channels_out * config_.fold * config_.fold;
    h = builder_.convolution("head", "head", h, folded, {.kernel = 3});
    return builder_.add({.kind = OpKind::PixelShuffle, .inputs = {h}, .factor = config_.fold}, "output",
                        {1, config_.size, config_.size, config_.channels_out});
  }

  BufferId concat(BufferId a, BufferId b) {
    Shape out = builder_.shape(a);
    out.channels += builder_.shape(b).channels;
    const std::string name = "concat." + std::to_string(builder_.graph().buffers.size());
    return builder_.add({.kind = OpKind::Concat, .inputs = {a, b}}, name, out);
  }

  BufferId residual_block(const std::string& name, BufferId x, int channels) {
    builder_.begin_block(name, "residual block");
    return residual_ops(name, x, channels);
  }

  BufferId residual_ops(const std::string& name, BufferId x, int channels) {
    BufferId h = builder_.group_norm(name + ".norm1", x, Activation::Silu);
    h = builder_.convolution(name + ".conv1", name + ".conv1", h, channels, {.kernel = 3});
    const BufferId modulation =
        builder_.dense(name + ".modulation", name + ".modulation", embedding_, 2 * channels);
    h = builder_.group_norm(name + ".norm2", h, Activation::Silu, modulation);
    const bool same = builder_.shape(x).channels == channels;
    const BufferId skip = same ? x : builder_.convolution(name + ".skip", name + ".skip", x, channels, {});
    return builder_.convolution(name + ".conv2", name, h, channels, {.kernel = 3, .residual = skip});
  }

  BufferId attention(BufferId x) {
    builder_.begin_block("attention", "self-attention");
    const int channels = builder_.shape(x).channels;
    const BufferId normed = builder_.group_norm("attention.norm", x, Activation::None);
    const BufferId qkv = builder_.convolution("attention.qkv", "attention.qkv", normed, 3 * channels, {});
    const BufferId mixed = builder_.add({.kind = OpKind::Attention, .inputs = {qkv}, .heads = config_.heads},
                                        "attention.mixed", builder_.shape(x));
    return builder_.convolution("attention.proj", "attention", mixed, channels, {.residual = x});
  }

  const Config& config_;
  Builder builder_;
  BufferId embedding_ = -1;
  std::vector<BufferId> skips_;
};

}  // namespace

Result<Graph> build_unet(const SafeTensors& file) {
  const Result<Config> config = read_config(file);
  if (!config) return config.error();
  return UNetBuilder(file, *config).build();
}

}  // namespace undiffuse
