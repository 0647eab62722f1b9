// Source: the format's description in the repository huggingface/safetensors. The header is read as events,
// so that no tree is built of what a stranger nests.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "agent/compare/bounds.h"
#include "agent/compare/picture.h"
#include "agent/compare/tensor.h"

namespace reeve::agent::compare {
namespace {

using Json = nlohmann::json;

Error damaged_safetensors(const std::string& what) {
  return damaged(".safetensors: " + what);
}

struct Entry {
  std::string name;
  std::string dtype;
  std::vector<std::uint64_t> shape;
  std::vector<std::uint64_t> offsets;
  unsigned seen = 0;  // one bit for each of the three fields
};

constexpr const char* kFields[] = {"dtype", "shape", "data_offsets"};

/// Takes {"name": {"dtype": text, "shape": [numbers], "data_offsets": [begin, end]}, "__metadata__": {…}} and
/// stops at anything else.
class HeaderReader : public nlohmann::json_sax<Json> {
 public:
  std::vector<Entry> entries;
  bool too_much = false;

  bool null() override { return false; }
  bool boolean(bool /*value*/) override { return false; }
  bool number_integer(number_integer_t /*value*/) override { return false; }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return false; }
  bool binary(binary_t& /*value*/) override { return false; }
  bool parse_error(std::size_t /*at*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*why*/) override {
    return false;
  }

  bool number_unsigned(number_unsigned_t value) override {
    if (!in_array_) return false;
    auto& list = field_ == 1 ? entries.back().shape : entries.back().offsets;
    if (list.size() == kTensorDimensions) too_much = true;
    list.push_back(value);
    return !too_much;
  }

  bool string(string_t& value) override {
    if (depth_ != 2 || in_array_) return false;
    if (in_metadata_) return true;
    if (field_ != 0) return false;
    entries.back().dtype = value;
    return true;
  }

  bool start_object(std::size_t /*elements*/) override {
    if (depth_ == 2 || in_array_) return false;
    return ++depth_ <= 2;
  }
  bool end_object() override {
    if (depth_ == 2 && !in_metadata_ && entries.back().seen != 7) return false;
    --depth_;
    return true;
  }

  bool start_array(std::size_t /*elements*/) override {
    if (depth_ != 2 || in_metadata_ || in_array_ || field_ == 0) return false;
    in_array_ = true;
    return true;
  }
  bool end_array() override {
    in_array_ = false;
    return true;
  }

  bool key(string_t& name) override {
    if (depth_ == 1) return begin_entry(name);
    if (in_metadata_) return true;
    for (unsigned i = 0; i < 3; ++i) {
      if (name != kFields[i]) continue;
      field_ = i;
      const bool first = (entries.back().seen & (1U << i)) == 0;
      entries.back().seen |= 1U << i;
      return first;
    }
    return false;
  }

 private:
  bool begin_entry(const std::string& name) {
    in_metadata_ = name == "__metadata__";
    if (!names_.insert(name).second) return false;
    if (in_metadata_) return true;
    if (entries.size() == kTensorsPerFile) too_much = true;
    entries.push_back({name, "", {}, {}, 0});
    return !too_much;
  }

  std::set<std::string> names_;
  int depth_ = 0;
  unsigned field_ = 0;
  bool in_metadata_ = false;
  bool in_array_ = false;
};

Result<Number> number_of(const std::string& dtype) {
  static constexpr std::pair<std::string_view, Number> kTypes[] = {
      {"BOOL", Number::kBool},      {"I8", Number::kI8},          {"U8", Number::kU8},
      {"I16", Number::kI16},        {"U16", Number::kU16},        {"I32", Number::kI32},
      {"U32", Number::kU32},        {"I64", Number::kI64},        {"U64", Number::kU64},
      {"F8_E4M3", Number::kF8E4M3}, {"F8_E5M2", Number::kF8E5M2}, {"F8_E8M0", Number::kF8E8M0},
      {"F16", Number::kF16},        {"BF16", Number::kBF16},      {"F32", Number::kF32},
      {"F64", Number::kF64}};
  for (const auto& [name, type] : kTypes)
    if (name == dtype) return type;
  return beyond(".safetensors: elements of type '" + one_line(dtype, 32) + "'");
}

/// The tensors lie one after another without holes and fill the file, as the format demands.
Result<void> check_places(const std::vector<Entry>& entries, std::uint64_t data_bytes) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> places;
  for (const Entry& entry : entries)
    places.emplace_back(entry.offsets[0], entry.offsets[1]);
  std::sort(places.begin(), places.end());
  std::uint64_t end = 0;
  for (const auto& [begin, next] : places) {
    if (begin != end || next < begin) return damaged_safetensors("its tensors overlap or leave holes");
    end = next;
  }
  if (end != data_bytes) return damaged_safetensors("its tensors do not add up to its size");
  return {};
}

}  // namespace

Result<std::vector<Tensor>> decode_safetensors(ByteView file) {
  if (tensor_kind(file) != TensorKind::kSafetensors)
    return damaged_safetensors("its header goes beyond its end");
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < 8; ++i)
    length |= std::uint64_t{file[i]} << (8 * i);
  if (length > kSafetensorsHeaderBytes) return beyond(".safetensors: a header of more than 16 MiB");
  const ByteView header = file.subspan(8, static_cast<std::size_t>(length));
  const ByteView data = file.subspan(8 + header.size());
  HeaderReader reader;
  const bool read = Json::sax_parse(header.begin(), header.end(), &reader);
  if (reader.too_much) return beyond(".safetensors: too many tensors or dimensions");
  if (!read) return damaged_safetensors("its header is not as the format says");
  for (const Entry& entry : reader.entries)
    if (entry.offsets.size() != 2) return damaged_safetensors("data_offsets are not two");
  if (auto fit = check_places(reader.entries, data.size()); !fit) return fit.error();
  std::vector<Tensor> tensors;
  for (Entry& entry : reader.entries) {
    auto type = number_of(entry.dtype);
    if (!type) return type.error();
    std::uint64_t bytes = 0;
    if (!tensor_bytes(entry.shape, *type, bytes) || bytes != entry.offsets[1] - entry.offsets[0])
      return damaged_safetensors("a tensor's elements do not add up to its size");
    const ByteView own =
        data.subspan(static_cast<std::size_t>(entry.offsets[0]), static_cast<std::size_t>(bytes));
    tensors.push_back({std::move(entry.name), *type, false, false, std::move(entry.shape), own});
  }
  std::sort(tensors.begin(), tensors.end(), [](const Tensor& a, const Tensor& b) { return a.name < b.name; });
  return tensors;
}

}  // namespace reeve::agent::compare
