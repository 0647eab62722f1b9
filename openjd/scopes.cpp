#include "openjd/scopes.h"

#include <algorithm>

namespace reeve::openjd {
namespace {

Error unknown(const Reference& reference, std::string remedy) {
  return {ErrorCode::kInvalid, "{{" + full_name(reference) + "}} is not known here", std::move(remedy)};
}

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 8;
  if (names.empty()) return "none is defined here";
  std::string out = "defined are ";
  for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i)
    out += (i == 0 ? "" : ", ") + names[i];
  return names.size() > kShown ? out + ", …" : out;
}

Result<void> bind_name(Reference& reference, const std::vector<std::string>* names, const char* where) {
  if (names == nullptr) return unknown(reference, std::string("it exists only in ") + where);
  const auto found = std::find(names->begin(), names->end(), reference.name);
  if (found == names->end()) return unknown(reference, listed(*names));
  reference.slot = static_cast<std::uint32_t>(found - names->begin());
  return {};
}

Result<void> bind_parameter(const Reference& reference, const Visible& visible) {
  const auto& parameters = *visible.parameters;
  const auto found = std::find_if(parameters.begin(), parameters.end(),
                                  [&](const KnownParameter& p) { return p.name == reference.name; });
  if (found == parameters.end()) {
    std::vector<std::string> names;
    for (const KnownParameter& parameter : parameters)
      names.push_back(parameter.name);
    return unknown(reference, listed(names));
  }
  if (found->type == ParameterType::kPath && reference.scope == Scope::kParam && !visible.on_host) {
    return unknown(reference, "a path is mapped on the host; use RawParam." + reference.name);
  }
  return {};
}

Result<void> bind(Reference& reference, const Visible& visible) {
  switch (reference.scope) {
    case Scope::kParam:
    case Scope::kRawParam: return bind_parameter(reference, visible);
    case Scope::kTaskParam:
    case Scope::kTaskRawParam: return bind_name(reference, visible.task_parameters, "a step's script");
    case Scope::kTaskFile: return bind_name(reference, visible.task_files, "a step's script");
    case Scope::kEnvFile: return bind_name(reference, visible.environment_files, "an environment");
    case Scope::kWorkingDirectory:
    case Scope::kHasPathMappingRules:
    case Scope::kPathMappingRulesFile: break;
  }
  if (!visible.on_host) return unknown(reference, "it exists only in scripts and environments");
  return {};
}

}  // namespace

std::optional<FormatString> read_format(Diagnostics& diagnostics, const Place& place, const TextRule& rule,
                                        const Visible& visible) {
  if (!check_kind(diagnostics, place, NodeKind::kString)) return std::nullopt;
  Result<FormatString> parsed = FormatString::parse(place.node().text);
  if (!parsed) {
    report(diagnostics, place, parsed.error());
    return std::nullopt;
  }
  TextRule literal_rule = rule;
  if (!parsed->is_constant()) literal_rule = {0, SIZE_MAX, rule.controls};
  bool good = check_text(diagnostics, place, parsed->literals(), literal_rule);
  parsed->for_each_reference([&](Reference& reference) {
    const Result<void> bound = bind(reference, visible);
    if (bound) return;
    report(diagnostics, place, bound.error());
    good = false;
  });
  if (!good) return std::nullopt;
  return *std::move(parsed);
}

}  // namespace reeve::openjd
