#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/result.h"

/// Where a submitter's folders lie on a host. Source: How Jobs Are Run, Path Mapping.
namespace reeve::openjd {

/// Numbers are stored in encoded steps: never reorder.
enum class PathFormat : std::uint8_t { kPosix = 0, kWindows = 1 };
inline constexpr std::uint8_t kLastPathFormat = 1;

struct PathMappingRule {
  PathFormat source_format = PathFormat::kPosix;
  std::string source;       // "/studio/show", "C:\\Users\\ann"
  std::string destination;  // on the host, POSIX
  bool operator==(const PathMappingRule&) const = default;
};

/// Reads the rules of a file of that form, or the empty object.
/// Errors: kInvalid where it is another, with more rules than limits::kPathMappingRules or an empty path.
Result<std::vector<PathMappingRule>> parse_path_mapping(std::string_view text);

/// The file that Session.PathMappingRulesFile names: JSON, "pathmapping-1.0".
std::string encode_path_mapping(std::span<const PathMappingRule> rules);

/// Where `path` lies on the host by the rule with the longest source that is a folder of it; nullopt where
/// none is. Whole names match; Windows paths match without case and with either separator.
std::optional<std::string> map_path(std::span<const PathMappingRule> rules, std::string_view path);

}  // namespace reeve::openjd
