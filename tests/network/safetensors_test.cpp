#include "core/network/safetensors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/network/unet.h"
#include "support/tiny_unet.h"
#include "support/weights_file.h"

namespace undiffuse {
namespace {

WeightsFile two_tensors() {
  WeightsFile file;
  file.metadata = {{"key", "value"}};
  file.tensors = {f32_tensor("a", {2, 3}, {1, -2, 3, 0.5f, 0, 1e-40f}), f32_tensor("b", {}, {7})};
  return file;
}

WeightsFile f16_tensor(const std::vector<std::uint16_t>& patterns) {
  WrittenTensor tensor{
      "half", {static_cast<std::int64_t>(patterns.size())}, Bytes(2 * patterns.size()), "F16"};
  std::memcpy(tensor.data.data(), patterns.data(), tensor.data.size());
  WeightsFile file;
  file.tensors = {tensor};
  return file;
}

void expect_refused(const Bytes& file, const std::string& named) {
  const Result<SafeTensors> parsed = parse_safetensors(file);
  ASSERT_FALSE(parsed.ok()) << named;
  EXPECT_NE(parsed.error().message.find(named), std::string::npos) << parsed.error().message;
}

// The file of one tensor "a" of four floats, described by `entry`.
void expect_entry_refused(const std::string& entry, const std::string& why) {
  const Bytes file = file_of("{\"a\":" + entry + "}", Bytes(16));
  expect_refused(file, "'a'");
  expect_refused(file, why);
}

TEST(SafeTensors, ReadsWhatWasWritten) {
  const Bytes bytes = to_bytes(two_tensors());
  const Result<SafeTensors> file = parse_safetensors(bytes);
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_EQ(file->metadata, (std::map<std::string, std::string>{{"key", "value"}}));
  ASSERT_EQ(file->tensors.size(), 2u);
  EXPECT_EQ(file->tensors.at("a").shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(file->read("a", {2, 3}).value(), (std::vector<float>{1, -2, 3, 0.5f, 0, 1e-40f}));
  EXPECT_EQ(file->read("b", {}).value(), std::vector<float>{7});
}

TEST(SafeTensors, DataIsNotCopiedByParsing) {
  const Bytes bytes = to_bytes(two_tensors());
  const Result<SafeTensors> file = parse_safetensors(bytes);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->tensors.at("a").data.data(), bytes.data() + header_end(bytes));
}

TEST(SafeTensors, EveryFiniteHalfIsExact) {
  std::vector<std::uint16_t> patterns;
  for (int bits = 0; bits < 65536; ++bits) {
    if ((bits >> 10 & 31) != 31) patterns.push_back(static_cast<std::uint16_t>(bits));
  }
  const Bytes bytes = to_bytes(f16_tensor(patterns));
  const Result<SafeTensors> file = parse_safetensors(bytes);
  ASSERT_TRUE(file.ok()) << file.error().message;
  const auto values = file->read("half", {static_cast<std::int64_t>(patterns.size())});
  ASSERT_TRUE(values.ok()) << values.error().message;
  for (size_t i = 0; i < patterns.size(); ++i) {
    const int exponent = patterns[i] >> 10 & 31;
    const double fraction = (patterns[i] & 1023) / 1024.0 + (exponent > 0 ? 1 : 0);
    const double expected = fraction * std::pow(2.0, std::max(exponent, 1) - 15);
    ASSERT_EQ((*values)[i], (patterns[i] & 0x8000) ? -expected : expected) << patterns[i];
    ASSERT_EQ(std::signbit((*values)[i]), (patterns[i] & 0x8000) != 0) << patterns[i];
  }
}

TEST(SafeTensors, HalvesThatAreNotNumbersAreRefused) {
  for (int fraction = 0; fraction < 1024; ++fraction) {
    for (const int sign : {0, 0x8000}) {
      const Bytes bytes = to_bytes(f16_tensor({static_cast<std::uint16_t>(sign | 31 << 10 | fraction)}));
      const Result<SafeTensors> file = parse_safetensors(bytes);
      ASSERT_TRUE(file.ok());
      const Result<std::vector<float>> values = file->read("half", {1});
      ASSERT_FALSE(values.ok()) << fraction;
      ASSERT_NE(values.error().message.find("'half'"), std::string::npos);
    }
  }
}

TEST(SafeTensors, FloatsThatAreNotNumbersAreRefused) {
  using Limits = std::numeric_limits<float>;
  for (const float bad : {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()}) {
    WeightsFile written;
    written.tensors = {f32_tensor("weight", {3}, {1, bad, 2})};
    const Bytes bytes = to_bytes(written);
    const Result<SafeTensors> file = parse_safetensors(bytes);
    ASSERT_TRUE(file.ok());
    const Result<std::vector<float>> values = file->read("weight", {3});
    ASSERT_FALSE(values.ok());
    EXPECT_NE(values.error().message.find("'weight'"), std::string::npos);
  }
}

TEST(SafeTensors, ReadingAsksForTheShape) {
  const Bytes bytes = to_bytes(two_tensors());
  const Result<SafeTensors> file = parse_safetensors(bytes);
  ASSERT_TRUE(file.ok());
  const std::vector<std::vector<std::int64_t>> wrong = {{3, 2}, {6}, {2, 3, 1}, {}};
  for (const std::vector<std::int64_t>& shape : wrong) {
    const Result<std::vector<float>> values = file->read("a", shape);
    ASSERT_FALSE(values.ok());
    EXPECT_NE(values.error().message.find("'a'"), std::string::npos);
    EXPECT_NE(values.error().message.find("2 x 3"), std::string::npos);
  }
  ASSERT_FALSE(file->read("c", {1}).ok());
  EXPECT_NE(file->read("c", {1}).error().message.find("'c'"), std::string::npos);
}

TEST(SafeTensors, TruncatedAnywhereInTheHeader) {
  const Bytes bytes = to_bytes(tiny_unet());
  for (size_t length = 0; length < header_end(bytes); ++length) {
    const Result<SafeTensors> file = parse_safetensors(std::span(bytes).first(length));
    ASSERT_FALSE(file.ok()) << length;
    ASSERT_FALSE(file.error().message.empty());
  }
}

TEST(SafeTensors, TruncatedInTheDataNamesATensor) {
  const Bytes bytes = to_bytes(tiny_unet());
  for (size_t length = header_end(bytes); length < bytes.size(); length += 37) {
    const Result<SafeTensors> file = parse_safetensors(std::span(bytes).first(length));
    ASSERT_FALSE(file.ok()) << length;
    ASSERT_NE(file.error().message.find("tensor '"), std::string::npos) << file.error().message;
  }
  EXPECT_FALSE(parse_safetensors(std::span(bytes).first(bytes.size() - 1)).ok());
  EXPECT_TRUE(parse_safetensors(bytes).ok());
}

TEST(SafeTensors, OversizedHeaderClaims) {
  Bytes bytes = to_bytes(two_tensors());
  const std::uint64_t claims[] = {
      bytes.size() - 7,       std::uint64_t{1} << 20, (std::uint64_t{1} << 20) + 1,
      std::uint64_t{1} << 32, ~std::uint64_t{0},      ~std::uint64_t{0} - 7};
  for (const std::uint64_t claim : claims) {
    std::memcpy(bytes.data(), &claim, sizeof(claim));
    expect_refused(bytes, "header");
  }
  // More than 1 MiB is refused even when it is there and well-formed.
  expect_refused(file_of("{" + std::string(1 << 20, ' ') + "}", {}), "header");
}

TEST(SafeTensors, EntriesThatDoNotFit) {
  expect_entry_refused("7", "description");
  expect_entry_refused("{}", "F32");
  const std::pair<const char*, const char*> cases[] = {
      {R"("F64","shape":[2],"data_offsets":[0,16])", "F32"},
      {R"(["F32"],"shape":[4],"data_offsets":[0,16])", "F32"},
      {R"("F32","data_offsets":[0,16])", "shape"},
      {R"("F32","shape":4,"data_offsets":[0,16])", "shape"},
      {R"("F32","shape":[-4],"data_offsets":[0,16])", "shape"},
      {R"("F32","shape":[4.0],"data_offsets":[0,16])", "shape"},
      {R"("F32","shape":["4"],"data_offsets":[0,16])", "shape"},
      {R"("F32","shape":[0],"data_offsets":[0,0])", "shape"},
      {R"("F32","shape":[1,1,1,1,1,1,1,1,4],"data_offsets":[0,16])", "shape"},
      {R"("F32","shape":[4294967296,4294967296],"data_offsets":[0,0])", "shape"},
      {R"("F32","shape":[18446744073709551615],"data_offsets":[0,16])", "shape"},
      // 2^30 floats are 2^32 bytes: 0 to a 32-bit machine.
      {R"("F32","shape":[1073741824],"data_offsets":[0,0])", "size of its shape"},
      {R"("F32","shape":[2147483648],"data_offsets":[0,0])", "size of its shape"},
      {R"("F32","shape":[4]})", "data_offsets"},
      {R"("F32","shape":[4],"data_offsets":[0]})", "data_offsets"},
      {R"("F32","shape":[4],"data_offsets":[0,16,32]})", "data_offsets"},
      {R"("F32","shape":[4],"data_offsets":[-16,0]})", "data_offsets"},
      {R"("F32","shape":[4],"data_offsets":[0,16.0]})", "data_offsets"},
      {R"("F32","shape":[4],"data_offsets":[16,0])", "outside"},
      {R"("F32","shape":[4],"data_offsets":[1,17])", "outside"},
      {R"("F32","shape":[4],"data_offsets":[16,32])", "outside"},
      {R"("F32","shape":[4],"data_offsets":[0,18446744073709551615])", "outside"},
      {R"("F32","shape":[4],"data_offsets":[18446744073709551600,16])", "outside"},
      {R"("F32","shape":[3],"data_offsets":[0,16])", "size of its shape"},
      {R"("F32","shape":[5],"data_offsets":[0,16])", "size of its shape"},
      {R"("F16","shape":[4],"data_offsets":[0,16])", "size of its shape"},
  };
  for (const auto& [fields, why] : cases) {
    std::string entry = std::string("{\"dtype\":") + fields;
    if (entry.back() != '}') entry += "}";
    expect_entry_refused(entry, why);
  }
}

TEST(SafeTensors, OverlapsNameBoth) {
  const auto entry = [](const char* name, int begin, int end) {
    return "\"" + std::string(name) + R"(":{"dtype":"F32","shape":[)" + std::to_string((end - begin) / 4) +
           R"(],"data_offsets":[)" + std::to_string(begin) + "," + std::to_string(end) + "]}";
  };
  const auto file = [&](const std::string& entries) { return file_of("{" + entries + "}", Bytes(64)); };
  EXPECT_TRUE(parse_safetensors(file(entry("first", 0, 16) + "," + entry("second", 16, 32))).ok());
  const std::string overlaps[] = {entry("first", 0, 16) + "," + entry("second", 12, 28),
                                  entry("first", 0, 16) + "," + entry("second", 0, 16),
                                  entry("second", 4, 8) + "," + entry("first", 0, 16)};
  for (const std::string& entries : overlaps) {
    expect_refused(file(entries), "'first'");
    expect_refused(file(entries), "'second'");
  }
  // Two that overlap with a third one's begin between them.
  EXPECT_FALSE(
      parse_safetensors(file(entry("a", 0, 64) + "," + entry("b", 4, 8) + "," + entry("c", 32, 48))).ok());
}

TEST(SafeTensors, DuplicateKeys) {
  const std::string a = R"("a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]})";
  expect_refused(file_of("{" + a + "," + a + "}", Bytes(16)), "twice");
  expect_refused(
      file_of(R"({"a":{"dtype":"F32","dtype":"F32","shape":[4],"data_offsets":[0,16]}})", Bytes(16)),
      "twice");
  expect_refused(file_of(R"({"__metadata__":{"k":"1","k":"2"}})", {}), "twice");
  // Equal after unescaping.
  expect_refused(file_of(R"({"__metadata__":{"k":"1","\u006b":"2"}})", {}), "twice");
}

TEST(SafeTensors, MetadataIsStringsOnly) {
  expect_refused(file_of(R"({"__metadata__":{"answer":42}})", {}), "'answer'");
  expect_refused(file_of(R"({"__metadata__":["answer"]})", {}), "__metadata__");
  EXPECT_TRUE(parse_safetensors(file_of(R"({"__metadata__":{}})", {})).ok());
}

TEST(SafeTensors, HeadersThatAreNotObjects) {
  const std::string headers[] = {"",
                                 " ",
                                 "{",
                                 "}",
                                 "[]",
                                 "null",
                                 "7",
                                 "\"a\"",
                                 "{}{}",
                                 "{\"a\":}",
                                 "{a:1}",
                                 "{\"a\":1,}",
                                 "\xff",
                                 "{\"\xc3\x28\":{}}",
                                 std::string("{}\0", 3),
                                 "{/**/}"};
  for (const std::string& header : headers) expect_refused(file_of(header, {}), "header");
}

// Up to the 1 MiB that a header may have. Anything recursive in its depth overflows the stack here.
TEST(SafeTensors, DeepNestingIsRefusedWithoutRecursion) {
  constexpr size_t kDepth = 500000;
  const std::string open(kDepth, '['), nested = open + std::string(kDepth, ']');
  expect_refused(file_of(open, {}), "header");
  expect_refused(file_of(nested, {}), "header");
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  expect_refused(file_of(objects, {}), "header");
  expect_refused(file_of(objects + "1" + std::string(100000, '}'), {}), "'a'");
  expect_entry_refused(nested, "description");
  expect_entry_refused("{\"dtype\":" + nested + "}", "F32");
  expect_entry_refused("{\"dtype\":\"F32\",\"shape\":" + nested + "}", "shape");
  expect_entry_refused("{\"dtype\":\"F32\",\"shape\":[" + nested + "]}", "shape");
  expect_entry_refused("{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":" + nested + "}", "data_offsets");
  expect_entry_refused("{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[" + nested + ",16]}",
                       "data_offsets");
  expect_refused(file_of("{\"__metadata__\":" + nested + "}", {}), "__metadata__");
  expect_refused(file_of("{\"__metadata__\":{\"k\":" + nested + "}}", {}), "'k'");
}

TEST(SafeTensors, LongNamesAreCutInMessages) {
  const std::string name(100000, 'n');
  const std::string entry = R"(":{"dtype":"F32","shape":[4],"data_offsets":[0,16]})";
  const std::string headers[] = {"{\"" + name + "\":7}",
                                 "{\"" + name + entry + ",\"" + name + "m" + entry + "}",
                                 "{\"__metadata__\":{\"" + name + "\":7}}"};
  for (const std::string& header : headers) {
    const Result<SafeTensors> file = parse_safetensors(file_of(header, Bytes(16)));
    ASSERT_FALSE(file.ok());
    EXPECT_LT(file.error().message.size(), 400u);
  }
}

// Whatever parses can be read and handed to the builder; whatever does not says why.
void expect_handled(const Bytes& bytes) {
  const Result<SafeTensors> file = parse_safetensors(bytes);
  if (!file) {
    ASSERT_FALSE(file.error().message.empty());
    return;
  }
  for (const auto& [name, tensor] : file->tensors) {
    const Result<std::vector<float>> values = file->read(name, tensor.shape);
    if (!values) {
      ASSERT_NE(values.error().message.find(name.substr(0, 80)), std::string::npos);
    }
  }
  const Result<Graph> graph = build_unet(*file);
  if (!graph) {
    ASSERT_FALSE(graph.error().message.empty());
  }
}

TEST(SafeTensors, EditedHeadersNeverCrash) {
  const Bytes original = to_bytes(tiny_unet());
  const auto header = static_cast<std::uint32_t>(header_end(original));
  constexpr char kTelling[] = "{}[]\":,0123456789-.eE\\ ";
  for (std::uint32_t trial = 0; trial < 4000; ++trial) {
    Bytes bytes = original;
    for (std::uint32_t edit = 0; edit <= trial % 4; ++edit) {
      const auto random = philox4x32({trial, edit, 0, 0}, {1, 2});
      std::byte& byte = bytes[random[0] % header];
      if (random[1] % 2 == 0) {
        byte ^= std::byte{1} << random[2] % 8;
      } else {
        byte = static_cast<std::byte>(kTelling[random[2] % (sizeof(kTelling) - 1)]);
      }
    }
    ASSERT_NO_FATAL_FAILURE(expect_handled(bytes)) << trial;
  }
}

TEST(SafeTensors, CutAndDoubledHeadersNeverCrash) {
  const Bytes original = to_bytes(tiny_unet());
  const auto header = static_cast<std::uint32_t>(header_end(original) - 8);
  const std::string text(reinterpret_cast<const char*>(original.data()) + 8, header);
  const Bytes data(original.begin() + 8 + header, original.end());
  for (std::uint32_t trial = 0; trial < 1000; ++trial) {
    const auto random = philox4x32({trial, 0, 0, 0}, {3, 4});
    const std::uint32_t begin = random[0] % header, length = random[1] % 60, to = random[2] % header;
    std::string edited = text;
    if (random[3] % 2) {
      edited.erase(begin, length);
    } else {
      edited.insert(to, text.substr(begin, length));
    }
    ASSERT_NO_FATAL_FAILURE(expect_handled(file_of(edited, data))) << trial;
  }
}

}  // namespace
}  // namespace undiffuse
