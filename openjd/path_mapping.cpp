#include "openjd/path_mapping.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

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

}  // namespace

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
