#include "openjd/requirements.h"

#include <algorithm>
#include <array>

#include "openjd/limits.h"
#include "openjd/text.h"

namespace reeve::openjd {
namespace {

constexpr std::array<std::string_view, 5> kStandardAmounts = {"amount.worker.vcpu", "amount.worker.memory",
                                                              "amount.worker.gpu", "amount.worker.gpu.memory",
                                                              "amount.worker.disk.scratch"};
constexpr std::array<std::string_view, 2> kStandardAttributes = {"attr.worker.os.family",
                                                                 "attr.worker.cpu.arch"};
constexpr std::array<std::string_view, 4> kReserved = {"worker", "job", "step", "task"};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

Error bad(std::string problem, std::string remedy) {
  return {ErrorCode::kInvalid, std::move(problem), std::move(remedy)};
}

template <std::size_t N>
Result<void> check_name(std::string_view given, std::string_view prefix,
                        const std::array<std::string_view, N>& standard) {
  const std::string name = to_lower(given);
  if (contains(standard, name)) return {};
  const std::string form = "write " + std::string(prefix) + ".NAME, or VENDOR:" + std::string(prefix) +
                           ".NAME, in letters, digits and underscores";
  const Error malformed = bad(in_quotes(given) + " is no name of a requirement", form);
  if (name.size() > limits::kCapabilityName) {
    return bad(in_quotes(given) + " is too long",
               "use at most " + std::to_string(limits::kCapabilityName) + " characters");
  }
  std::string_view rest = name;
  if (const std::size_t colon = rest.find(':'); colon != std::string_view::npos) {
    if (!is_identifier(rest.substr(0, colon), limits::kCapabilityName)) return malformed;
    rest.remove_prefix(colon + 1);
  }
  if (!rest.starts_with(prefix) || !rest.substr(prefix.size()).starts_with('.')) return malformed;
  rest.remove_prefix(prefix.size() + 1);
  const std::string_view scope = rest.substr(0, rest.find('.'));
  for (;;) {
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    if (!is_identifier(rest.substr(0, dot), limits::kCapabilityName)) return malformed;
    if (dot == rest.size()) break;
    rest.remove_prefix(dot + 1);
  }
  if (!contains(kReserved, scope)) return {};
  return bad("the scope '" + std::string(scope) + "' of " + in_quotes(given) + " is reserved",
             "use one of the standard names, or another word after '" + std::string(prefix) + ".'");
}

}  // namespace

Result<void> check_amount_name(std::string_view name) {
  return check_name(name, "amount", kStandardAmounts);
}

Result<void> check_attribute_name(std::string_view name) {
  return check_name(name, "attr", kStandardAttributes);
}

Result<void> check_all_of(std::string_view name, std::size_t count) {
  if (count < 2 || !contains(kStandardAttributes, to_lower(name))) return {};
  return bad("a host has one value of " + in_quotes(name), "keep one element of allOf, or use anyOf");
}

Result<void> check_attribute_value(std::string_view name, std::string_view value) {
  const bool letters = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  if (!letters || value[0] == '-' || (value[0] >= '0' && value[0] <= '9')) {
    return bad(in_quotes(value) + " is no value of an attribute",
               "use letters, digits, '_' and '-', starting with a letter or '_'");
  }
  if (value.size() > limits::kCapabilityValue) {
    return bad(in_quotes(value) + " is too long",
               "use at most " + std::to_string(limits::kCapabilityValue) + " characters");
  }
  const std::string known_name = to_lower(name);
  const std::string known_value = to_lower(value);
  constexpr std::array<std::string_view, 3> kSystems = {"linux", "windows", "macos"};
  constexpr std::array<std::string_view, 2> kProcessors = {"x86_64", "arm64"};
  if (known_name == "attr.worker.os.family" && !contains(kSystems, known_value)) {
    return bad(in_quotes(value) + " is no family of operating systems", "use linux, windows or macos");
  }
  if (known_name == "attr.worker.cpu.arch" && !contains(kProcessors, known_value)) {
    return bad(in_quotes(value) + " is no processor architecture", "use x86_64 or arm64");
  }
  return {};
}

}  // namespace reeve::openjd
