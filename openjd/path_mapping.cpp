#include "openjd/path_mapping.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "openjd/limits.h"
#include "openjd/text.h"

namespace reeve::openjd {
namespace {

/// A path as its names, with what stands before the first: "/", "C:", "//host", or nothing.
std::vector<std::string> names_of(std::string_view path, PathFormat format) {
  std::string text = format == PathFormat::kWindows ? to_lower(path) : std::string(path);
  if (format == PathFormat::kWindows) std::replace(text.begin(), text.end(), '\\', '/');
  std::vector<std::string> names = {text.starts_with('/') ? "/" : ""};
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    const std::string name = text.substr(begin, end - begin);
    if (!name.empty() && name != ".") names.push_back(name);
    begin = end + 1;
  }
  return names;
}

/// The last `count` names of `path` as they were written, each with a '/' before it.
std::string last_names(std::string_view path, PathFormat format, std::size_t count) {
  std::string text(path);
  if (format == PathFormat::kWindows) std::replace(text.begin(), text.end(), '\\', '/');
  const std::vector<std::string> names = names_of(text, PathFormat::kPosix);
  std::string out;
  for (std::size_t i = names.size() - count; i < names.size(); ++i)
    out += "/" + names[i];
  return out;
}

Error bad(std::string problem) {
  return {ErrorCode::kInvalid, "the path mapping " + std::move(problem),
          "write {\"version\": \"pathmapping-1.0\", \"path_mapping_rules\": [{\"source_path_format\": "
          "\"POSIX\", \"source_path\": \"/studio\", \"destination_path\": \"/mnt/studio\"}]}"};
}

/// The text under `key`; empty where there is none.
std::string text_of(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<PathMappingRule> parse_rule(const nlohmann::json& json) {
  if (!json.is_object()) return bad("holds a rule that is no object");
  PathMappingRule rule;
  const std::string format = text_of(json, "source_path_format");
  if (format != "POSIX" && format != "WINDOWS") return bad("has a source_path_format '" + format + "'");
  rule.source_format = format == "POSIX" ? PathFormat::kPosix : PathFormat::kWindows;
  rule.source = text_of(json, "source_path");
  rule.destination = text_of(json, "destination_path");
  if (rule.source.empty() || rule.destination.empty()) return bad("has a rule without one of its two paths");
  return rule;
}

}  // namespace

Result<std::vector<PathMappingRule>> parse_path_mapping(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return bad("is no JSON object");
  std::vector<PathMappingRule> rules;
  if (json.empty()) return rules;
  if (text_of(json, "version") != "pathmapping-1.0") return bad("is not of the version pathmapping-1.0");
  const auto list = json.find("path_mapping_rules");
  if (list == json.end() || !list->is_array()) return bad("has no path_mapping_rules");
  if (list->size() > limits::kPathMappingRules)
    return bad("has more than " + std::to_string(limits::kPathMappingRules) + " rules");
  for (const auto& entry : *list) {
    auto rule = parse_rule(entry);
    if (!rule) return rule.error();
    rules.push_back(std::move(*rule));
  }
  return rules;
}

std::string encode_path_mapping(std::span<const PathMappingRule> rules) {
  nlohmann::json list = nlohmann::json::array();
  for (const PathMappingRule& rule : rules) {
    list.push_back({{"source_path_format", rule.source_format == PathFormat::kPosix ? "POSIX" : "WINDOWS"},
                    {"source_path", rule.source},
                    {"destination_path", rule.destination}});
  }
  const nlohmann::json file = {{"version", "pathmapping-1.0"}, {"path_mapping_rules", list}};
  return file.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::optional<std::string> map_path(std::span<const PathMappingRule> rules, std::string_view path) {
  const PathMappingRule* best = nullptr;
  std::size_t left = 0;  // names of the path below the best rule's source
  for (const PathMappingRule& rule : rules) {
    const std::vector<std::string> source = names_of(rule.source, rule.source_format);
    const std::vector<std::string> names = names_of(path, rule.source_format);
    const bool inside =
        source.size() <= names.size() && std::equal(source.begin(), source.end(), names.begin());
    if (!inside || (source.size() == 1 && source[0].empty())) continue;
    if (best != nullptr && best->source.size() >= rule.source.size()) continue;
    best = &rule;
    left = names.size() - source.size();
  }
  if (best == nullptr) return std::nullopt;
  std::string out = best->destination;
  while (out.size() > 1 && out.ends_with('/'))
    out.pop_back();
  const std::string below = last_names(path, best->source_format, left);
  return out == "/" && !below.empty() ? below : out + below;
}

}  // namespace reeve::openjd
