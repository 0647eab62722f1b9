#include "openjd/parameter_value.h"

#include <algorithm>

#include "openjd/limits.h"
#include "openjd/text.h"

namespace reeve::openjd {
namespace {

Error bad(std::string problem, std::string remedy) {
  return {ErrorCode::kInvalid, std::move(problem), std::move(remedy)};
}

std::string allowed_list(const JobParameter& parameter) {
  constexpr std::size_t kShown = 8;
  std::string out = "use one of ";
  for (std::size_t i = 0; i < std::min(kShown, parameter.allowed_values.size()); ++i)
    out += (i == 0 ? "" : ", ") + in_quotes(parameter.allowed_values[i]);
  return parameter.allowed_values.size() > kShown ? out + ", …" : out;
}

/// True when the parameter takes any value, or one for which equal(allowed) holds.
template <class F>
bool is_allowed(const JobParameter& parameter, F&& equal) {
  const auto& allowed = parameter.allowed_values;
  return allowed.empty() || std::any_of(allowed.begin(), allowed.end(), equal);
}

Result<std::string> check_int(const JobParameter& parameter, std::string_view text) {
  const auto value = parse_int(text);
  if (!value) return bad(in_quotes(text) + " is no integer of 64 bits", "give a whole number such as 42");
  if (parameter.min_int && *value < *parameter.min_int)
    return bad(in_quotes(text) + " is below the minimum",
               "give at least " + std::to_string(*parameter.min_int));
  if (parameter.max_int && *value > *parameter.max_int)
    return bad(in_quotes(text) + " is above the maximum",
               "give at most " + std::to_string(*parameter.max_int));
  if (!is_allowed(parameter, [&](const std::string& a) { return parse_int(a) == value; }))
    return bad(in_quotes(text) + " is not among the allowed values", allowed_list(parameter));
  return std::to_string(*value);
}

Result<std::string> check_float(const JobParameter& parameter, std::string_view text) {
  const auto value = parse_float(text);
  if (!value) return bad(in_quotes(text) + " is no finite number", "give a number such as 1.5");
  if (parameter.min_float && *value < *parameter.min_float)
    return bad(in_quotes(text) + " is below the minimum",
               "give at least " + std::to_string(*parameter.min_float));
  if (parameter.max_float && *value > *parameter.max_float)
    return bad(in_quotes(text) + " is above the maximum",
               "give at most " + std::to_string(*parameter.max_float));
  if (!is_allowed(parameter, [&](const std::string& a) { return parse_float(a) == value; }))
    return bad(in_quotes(text) + " is not among the allowed values", allowed_list(parameter));
  return std::string(text);
}

Result<std::string> check_string(const JobParameter& parameter, std::string_view text) {
  if (!is_utf8(text) || text.find('\0') != std::string_view::npos)
    return bad(in_quotes(text) + " is not UTF-8 text without NUL", "take out the odd characters");
  const auto length = static_cast<std::int64_t>(count_characters(text));
  constexpr auto kMax = static_cast<std::int64_t>(limits::kStringValue);
  const std::int64_t max = std::min(kMax, parameter.max_length.value_or(kMax));
  if (length > max)
    return bad(in_quotes(text) + " is " + std::to_string(length) + " characters long",
               "give at most " + std::to_string(max));
  if (parameter.min_length && length < *parameter.min_length)
    return bad(in_quotes(text) + " is " + std::to_string(length) + " characters long",
               "give at least " + std::to_string(*parameter.min_length));
  if (!is_allowed(parameter, [&](const std::string& a) { return a == text; }))
    return bad(in_quotes(text) + " is not among the allowed values", allowed_list(parameter));
  return std::string(text);
}

}  // namespace

Result<std::string> check_value(const JobParameter& parameter, std::string_view text) {
  switch (parameter.type) {
    case ParameterType::kInt:
    case ParameterType::kChunkInt: return check_int(parameter, text);
    case ParameterType::kFloat: return check_float(parameter, text);
    case ParameterType::kString:
    case ParameterType::kPath: break;
  }
  return check_string(parameter, text);
}

}  // namespace reeve::openjd
