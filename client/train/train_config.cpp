#include "client/train/train_config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <sstream>
#include <vector>

namespace reeve::client {
namespace {

using kernels::TrainSpec;

/// One key of a table, and where its value goes. `read` says what the value must be, or "".
struct Key {
  const char* name;
  std::function<std::string(const toml::node&)> read;
};

template <class Number>
Key whole(const char* name, Number& target) {
  return {
      name, [&target](const toml::node& node) -> std::string {
        const auto value = node.is_integer() ? node.value<std::int64_t>() : std::nullopt;
        if (!value || *value < 0 || static_cast<std::uint64_t>(*value) > std::numeric_limits<Number>::max())
          return "must be a whole number, 0 or more";
        target = static_cast<Number>(*value);
        return "";
      }};
}

Key number(const char* name, float& target) {
  return {name, [&target](const toml::node& node) -> std::string {
            const auto value = node.is_number() ? node.value<double>() : std::nullopt;
            if (!value) return "must be a number";
            target = static_cast<float>(*value);
            return "";
          }};
}

Key text(const char* name, std::string& target) {
  return {name, [&target](const toml::node& node) -> std::string {
            const auto value = node.value<std::string>();
            if (!value) return "must be a string";
            target = *value;
            return "";
          }};
}

Key yes_or_no(const char* name, bool& target) {
  return {name, [&target](const toml::node& node) -> std::string {
            const auto value = node.is_boolean() ? node.value<bool>() : std::nullopt;
            if (!value) return "must be true or false";
            target = *value;
            return "";
          }};
}

template <class Enum>
Key choice(const char* name, Enum& target, std::vector<std::pair<std::string, Enum>> values) {
  return {name, [&target, values = std::move(values)](const toml::node& node) -> std::string {
            std::string known;
            for (const auto& [word, meaning] : values) {
              if (node.value<std::string>() == word) {
                target = meaning;
                return "";
              }
              known += (known.empty() ? "\"" : " or \"") + word + "\"";
            }
            return "must be " + known;
          }};
}

Key widths(const char* name, std::vector<std::uint32_t>& target) {
  return {name, [&target](const toml::node& node) -> std::string {
            const toml::array* list = node.as_array();
            if (list == nullptr) return "must be a list of widths: [256, 128]";
            for (const toml::node& each : *list) {
              const auto width = each.is_integer() ? each.value<std::int64_t>() : std::nullopt;
              if (!width || *width < 1 || *width > kernels::kMaxWidth)
                return "must be a list of widths: [256, 128]";
              target.push_back(static_cast<std::uint32_t>(*width));
            }
            return "";
          }};
}

Error bad(const std::string& file, const std::string& what) {
  return {ErrorCode::kInvalid, file + ": " + what, "docs/guides/training.md lists every key"};
}

Result<void> read_table(const std::string& file, const std::string& table_name, const toml::table& table,
                        const std::vector<Key>& keys) {
  for (const auto& [name, node] : table) {
    if (node.is_table()) continue;
    const std::string where = (table_name.empty() ? "" : table_name + ".") + std::string(name.str());
    const auto key =
        std::find_if(keys.begin(), keys.end(), [&](const Key& each) { return name.str() == each.name; });
    if (key == keys.end()) return bad(file, where + ": no such key");
    std::ostringstream value;
    value << toml::node_view<const toml::node>(node);
    if (const std::string wrong = key->read(node); !wrong.empty())
      return bad(file, where + " is " + value.str() + "; it " + wrong);
  }
  return {};
}

struct Table {
  const char* name;
  std::vector<Key> keys;
};

std::vector<Table> tables(TrainConfig& config) {
  TrainSpec& spec = config.spec;
  using namespace kernels;
  return {
      {"model",
       {choice<ModelKind>("kind", spec.model, {{"mlp", ModelKind::kMlp}, {"gpt", ModelKind::kGpt}}),
        whole("features", spec.mlp.features), whole("classes", spec.mlp.classes),
        widths("hidden", spec.mlp.hidden),
        choice<Activation>("activation", spec.mlp.activation,
                           {{"gelu", Activation::kGelu}, {"relu", Activation::kRelu}}),
        whole("context", spec.gpt.context), whole("layers", spec.gpt.layers), whole("heads", spec.gpt.heads),
        whole("width", spec.gpt.width), yes_or_no("tied_head", spec.gpt.tied_head)}},
      {"train",
       {whole("generations", spec.generations), whole("micro_batch", spec.micro_batch),
        whole("micro_batches", spec.micro_batches), whole("shards", spec.shards),
        whole("staleness", spec.staleness), whole("seed", spec.seed), whole("keep_every", config.keep_every),
        whole("gradient_scale_log2", spec.gradient_scale_log2)}},
      {"optimizer",
       {choice<OptimizerKind>("kind", spec.optimizer.kind,
                              {{"adamw", OptimizerKind::kAdamw}, {"sgd", OptimizerKind::kSgd}}),
        number("beta1", spec.optimizer.beta1), number("beta2", spec.optimizer.beta2),
        number("epsilon", spec.optimizer.epsilon), number("momentum", spec.optimizer.momentum),
        number("weight_decay", spec.optimizer.weight_decay)}},
      {"rate",
       {choice<RateShape>("shape", spec.rate.shape,
                          {{"constant", RateShape::kConstant}, {"cosine", RateShape::kCosine}}),
        number("peak", spec.rate.peak), number("last", spec.rate.last),
        whole("warm_up", spec.rate.warm_up)}}};
}

Result<TrainConfig> read_config(const std::string& file, const toml::table& root) {
  TrainConfig config;
  if (auto read = read_table(file, "", root, {text("name", config.name)}); !read) return read.error();
  const std::vector<Table> known = tables(config);
  for (const auto& [name, node] : root) {
    const toml::table* table = node.as_table();
    if (table == nullptr) continue;
    const auto found =
        std::find_if(known.begin(), known.end(), [&](const Table& each) { return name.str() == each.name; });
    if (found == known.end()) return bad(file, "[" + std::string(name.str()) + "]: no such table");
    for (const auto& [inner, value] : *table)
      if (value.is_table())
        return bad(file, "[" + std::string(name.str()) + "." + std::string(inner.str()) + "]: no such table");
    if (auto read = read_table(file, found->name, *table, found->keys); !read) return read.error();
  }
  return config;
}

}  // namespace

Result<TrainConfig> load_train_config(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error))
    return Error{ErrorCode::kNotFound, file.string() + ": there is no such file",
                 "name a run's TOML file; docs/guides/training.md shows one"};
  try {
    auto config = read_config(file.filename().string(), toml::parse_file(file.string()));
    if (config && config->name.empty()) config->name = file.stem().string();
    return config;
  } catch (const toml::parse_error& wrong) {
    std::ostringstream where;
    where << "line " << wrong.source().begin.line << ": " << wrong.description();
    return bad(file.filename().string(), where.str());
  }
}

}  // namespace reeve::client
