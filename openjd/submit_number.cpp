#include "openjd/submit_number.h"

#include "openjd/limits.h"
#include "openjd/text.h"

namespace reeve::openjd {
namespace {

Error bad(std::string problem, std::string remedy) {
  return {ErrorCode::kInvalid, std::move(problem), std::move(remedy)};
}

/// The text of a number's field: plain, or what stands in quotes.
std::optional<SubmitString> read_number_text(Diagnostics& diagnostics, const Place& place, bool plain,
                                             NodeKind wanted, Quoted quoted, const Visible& visible) {
  const Mark mark = place.node().mark;
  if (plain) return SubmitString{FormatString::literal(place.node().text), mark};
  if (place.node().kind != NodeKind::kString) {
    (void)check_kind(diagnostics, place, wanted);
    return std::nullopt;
  }
  if (quoted == Quoted::kRefused) {
    report(diagnostics, place, std::string("this is a string and must be ") + kind_name(wanted),
           "drop the quotes; a format string here needs the extension FEATURE_BUNDLE_1");
    return std::nullopt;
  }
  auto text =
      read_format(diagnostics, place, {1, limits::kStringValue, Controls::kNone}, visible.at_submission());
  if (!text) return std::nullopt;
  return SubmitString{*std::move(text), mark};
}

/// What could be read, unless `check` finds now that it is wrong.
template <class F>
std::optional<SubmitString> checked(Diagnostics& diagnostics, const Place& place,
                                    std::optional<SubmitString> text, F&& check) {
  if (!text || !text->text.is_constant()) return text;
  if (const auto value = check(text->text.literals()); !value) {
    report(diagnostics, place, value.error());
    return std::nullopt;
  }
  return text;
}

}  // namespace

IntRule timeout_rule() {
  return {1, limits::kTimeoutSeconds};
}
IntRule notify_rule() {
  return {1, limits::kNotifyPeriodSeconds};
}
IntRule chunk_rule() {
  return {1, static_cast<std::int64_t>(limits::kTasks)};
}
IntRule chunk_runtime_rule() {
  return {0, limits::kChunkRuntimeSeconds};
}

Result<std::int64_t> check_int(const IntRule& rule, std::string_view text) {
  const auto value = parse_int(text);
  const std::string bounds = "use " + std::to_string(rule.min) + " to " + std::to_string(rule.max);
  if (!value) return bad(in_quotes(text) + " is no integer of 64 bits", bounds);
  if (*value < rule.min || *value > rule.max) return bad("the number is out of bounds", bounds);
  return *value;
}

Result<double> check_amount(AmountEnd end, std::string_view text) {
  const auto value = parse_float(text);
  if (!value) return bad(in_quotes(text) + " is no finite number", "write a number such as 1.5");
  if (end == AmountEnd::kMin && *value < 0) return bad("the minimum is negative", "use 0 or more");
  if (end == AmountEnd::kMax && *value <= 0) return bad("the maximum is not positive", "use more than 0");
  return *value;
}

std::optional<SubmitString> read_submit_int(Diagnostics& diagnostics, const Place& place, const IntRule& rule,
                                            Quoted quoted, const Visible& visible) {
  const bool plain = place.node().kind == NodeKind::kInt;
  auto text = read_number_text(diagnostics, place, plain, NodeKind::kInt, quoted, visible);
  return checked(diagnostics, place, std::move(text),
                 [&](std::string_view value) { return check_int(rule, value); });
}

std::optional<SubmitString> read_submit_amount(Diagnostics& diagnostics, const Place& place, AmountEnd end,
                                               Quoted quoted, const Visible& visible) {
  const bool plain = place.node().kind == NodeKind::kInt || place.node().kind == NodeKind::kFloat;
  auto text = read_number_text(diagnostics, place, plain, NodeKind::kFloat, quoted, visible);
  return checked(diagnostics, place, std::move(text),
                 [&](std::string_view value) { return check_amount(end, value); });
}

}  // namespace reeve::openjd
