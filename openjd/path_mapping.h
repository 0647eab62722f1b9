#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Where a submitter's folders lie on a host. Source: How Jobs Are Run, Path Mapping.
namespace reeve::openjd {

enum class PathFormat { kPosix, kWindows };

struct PathMappingRule {
  PathFormat source_format = PathFormat::kPosix;
  std::string source;       // "/studio/show", "C:\\Users\\ann"
  std::string destination;  // on the host, POSIX
};

/// The file that Session.PathMappingRulesFile names: JSON, "pathmapping-1.0".
std::string encode_path_mapping(std::span<const PathMappingRule> rules);

/// Where `path` lies on the host by the rule with the longest source that is a folder of it; nullopt where
/// none is. Whole names match; Windows paths match without case and with either separator.
std::optional<std::string> map_path(std::span<const PathMappingRule> rules, std::string_view path);

}  // namespace reeve::openjd
