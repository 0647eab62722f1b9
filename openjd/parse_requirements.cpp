#include <algorithm>

#include "openjd/limits.h"
#include "openjd/parse.h"
#include "openjd/requirements.h"
#include "openjd/submit_number.h"

namespace reeve::openjd {
namespace {

using NameCheck = Result<void> (*)(std::string_view);

/// A capability's name; checked now where it has no reference.
SubmitString parse_name(Diagnostics& diagnostics, const Place& place, const Visible& visible,
                        NameCheck check) {
  SubmitString name{{}, place.node().mark};
  auto text = read_format(diagnostics, place, {1, SIZE_MAX, Controls::kNone}, visible);
  if (!text) return name;
  name.text = *std::move(text);
  if (!name.text.is_constant()) return name;
  const Result<void> checked = check(name.text.literals());
  if (!checked) report(diagnostics, place, checked.error());
  return name;
}

std::vector<SubmitString> parse_values(Diagnostics& diagnostics, const Place& place, const Visible& visible,
                                       const SubmitString& name) {
  std::vector<SubmitString> values;
  if (!check_list(diagnostics, place, 1, limits::kAttributeValues)) return values;
  for (std::size_t i = 0; i < place.size(); ++i) {
    const Place item = place.at(i);
    auto text = read_format(diagnostics, item, {1, SIZE_MAX, Controls::kNone}, visible);
    if (!text) continue;
    if (text->is_constant()) {
      const Result<void> checked = check_attribute_value(name.text.source(), text->literals());
      if (!checked) report(diagnostics, item, checked.error());
    }
    values.push_back({*std::move(text), item.node().mark});
  }
  return values;
}

AmountTemplate parse_amount(Diagnostics& diagnostics, const Place& place, const Visible& visible) {
  AmountTemplate amount;
  const Object object(diagnostics, place, {"name", "min", "max"});
  if (const auto name = object.require("name")) {
    amount.name = parse_name(diagnostics, *name, visible, check_amount_name);
  }
  const auto min = object.find("min");
  const auto max = object.find("max");
  const Quoted quoted = visible.extensions.feature_bundle_1 ? Quoted::kAllowed : Quoted::kRefused;
  if (min) amount.min = read_submit_amount(diagnostics, *min, AmountEnd::kMin, quoted, visible);
  if (max) amount.max = read_submit_amount(diagnostics, *max, AmountEnd::kMax, quoted, visible);
  if (object.is_map() && !min && !max) report(diagnostics, place, "it asks for nothing", "add min or max");
  const bool both =
      amount.min && amount.max && amount.min->text.is_constant() && amount.max->text.is_constant();
  if (both && parse_float(amount.min->text.literals()) > parse_float(amount.max->text.literals())) {
    report(diagnostics, *max, "the maximum is below the minimum", "swap min and max");
  }
  return amount;
}

AttributeTemplate parse_attribute(Diagnostics& diagnostics, const Place& place, const Visible& visible) {
  AttributeTemplate attribute;
  const Object object(diagnostics, place, {"name", "anyOf", "allOf"});
  if (const auto name = object.require("name")) {
    attribute.name = parse_name(diagnostics, *name, visible, check_attribute_name);
  }
  const auto any = object.find("anyOf");
  const auto all = object.find("allOf");
  if (any) attribute.any_of = parse_values(diagnostics, *any, visible, attribute.name);
  if (all) attribute.all_of = parse_values(diagnostics, *all, visible, attribute.name);
  const Result<void> fits = check_all_of(attribute.name.text.source(), attribute.all_of.size());
  if (!fits) report(diagnostics, *all, fits.error());
  if (object.is_map() && !any && !all)
    report(diagnostics, place, "it asks for nothing", "add anyOf or allOf");
  return attribute;
}

/// Names compare without case; those with references are compared when they are resolved.
template <class T>
void refuse_repeated(Diagnostics& diagnostics, const Place& place, const std::vector<T>& requirements) {
  std::vector<std::string> seen;
  for (std::size_t i = 0; i < requirements.size(); ++i) {
    const std::string name = to_lower(requirements[i].name.text.source());
    const bool repeated = std::find(seen.begin(), seen.end(), name) != seen.end();
    if (repeated && !name.empty()) {
      report(diagnostics, place.at(i), in_quotes(name) + " is required twice", "join the two");
    }
    seen.push_back(name);
  }
}

}  // namespace

void parse_host_requirements(Diagnostics& diagnostics, const Place& place, const Visible& visible,
                             StepTemplate& step) {
  const Object object(diagnostics, place, {"amounts", "attributes"});
  if (!object.is_map()) return;
  const auto amounts = object.find("amounts");
  const auto attributes = object.find("attributes");
  if (!amounts && !attributes) {
    report(diagnostics, place, "it asks for nothing", "add amounts or attributes");
    return;
  }
  if (amounts && !check_list(diagnostics, *amounts, 1, SIZE_MAX)) return;
  if (attributes && !check_list(diagnostics, *attributes, 1, SIZE_MAX)) return;
  const std::size_t count = (amounts ? amounts->size() : 0) + (attributes ? attributes->size() : 0);
  if (count > limits::kRequirements) {
    report(diagnostics, place, "there are " + std::to_string(count) + " requirements",
           "use at most " + std::to_string(limits::kRequirements));
    return;
  }
  for (std::size_t i = 0; amounts && i < amounts->size(); ++i)
    step.amounts.push_back(parse_amount(diagnostics, amounts->at(i), visible));
  for (std::size_t i = 0; attributes && i < attributes->size(); ++i)
    step.attributes.push_back(parse_attribute(diagnostics, attributes->at(i), visible));
  if (amounts) refuse_repeated(diagnostics, *amounts, step.amounts);
  if (attributes) refuse_repeated(diagnostics, *attributes, step.attributes);
}

}  // namespace reeve::openjd
