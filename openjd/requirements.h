#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/result.h"

namespace reeve::openjd {

/// A quantity that a host must have. Names are lower case, as they compare without case.
/// Units: MiB for "….memory", GiB for "….scratch". Source: 2023-09, 3.3.1.
struct AmountRequirement {
  std::string name;
  std::optional<double> min;
  std::optional<double> max;
};

/// A property that a host must have: one of `any_of`, and each of `all_of`. Lower case. Source:
/// 2023-09, 3.3.2.
struct AttributeRequirement {
  std::string name;
  std::vector<std::string> any_of;
  std::vector<std::string> all_of;
};

struct HostRequirements {
  std::vector<AmountRequirement> amounts;
  std::vector<AttributeRequirement> attributes;
};

/// `[vendor:]amount.X[.Y…]`; X is no reserved scope unless the whole name is a standard one.
Result<void> check_amount_name(std::string_view name);
/// `[vendor:]attr.X[.Y…]`, likewise.
Result<void> check_attribute_name(std::string_view name);
/// A value that the attribute `name` may have.
/// Whether a host can have `count` values of the attribute at once.
Result<void> check_all_of(std::string_view name, std::size_t count);
Result<void> check_attribute_value(std::string_view name, std::string_view value);

}  // namespace reeve::openjd
