#include "openjd/expand_space.h"

#include <algorithm>

#include "openjd/limits.h"
#include "openjd/submit_number.h"
#include "openjd/text.h"

namespace reeve::openjd {
namespace {

/// One element of a list, checked against its parameter's type and put in the form that tasks see.
Result<std::string> checked_element(ParameterType type, const std::string& text) {
  if (type == ParameterType::kInt || type == ParameterType::kChunkInt) {
    if (const auto value = parse_int(text)) return std::to_string(*value);
    return Error{ErrorCode::kInvalid, in_quotes(text) + " is no integer of 64 bits", "write a whole number"};
  }
  if (type == ParameterType::kFloat) {
    if (parse_float(text)) return text;
    return Error{ErrorCode::kInvalid, in_quotes(text) + " is no finite number", "write a number such as 1.5"};
  }
  if (text.empty() && type == ParameterType::kPath)
    return Error{ErrorCode::kInvalid, "the path is empty", "give at least one character"};
  if (count_characters(text) <= limits::kStringValue) return text;
  return Error{ErrorCode::kInvalid, in_quotes(text) + " is too long",
               "use at most " + std::to_string(limits::kStringValue) + " characters"};
}

class Expansion {
 public:
  Expansion(Diagnostics& diagnostics, const Symbols& symbols)
      : diagnostics_(diagnostics), symbols_(symbols) {}

  /// field  the path of the parameter
  std::optional<ParameterValueList> values(const TaskParameterTemplate& parameter, const std::string& field) {
    auto list = range(parameter, field + ".range");
    if (!list || !parameter.chunks) return list;
    const auto count = number(parameter.chunks->task_count, chunk_rule(), field + ".chunks.defaultTaskCount");
    if (!count) return std::nullopt;
    if (parameter.chunks->target_runtime) {
      const std::string runtime = field + ".chunks.targetRuntimeSeconds";
      if (!number(*parameter.chunks->target_runtime, chunk_runtime_rule(), runtime)) return std::nullopt;
    }
    auto integers = as_range(*std::move(list));
    if (integers) return ChunkedRange(*std::move(integers), *count, parameter.chunks->constraint);
    refuse(parameter.mark, field + ".range", "", integers.error());
    return std::nullopt;
  }

  void refuse(Mark mark, const std::string& field, const std::string& value, const Error& error) {
    diagnostics_.add({mark, field, value.empty() ? "" : in_quotes(value), error.message, error.hint});
  }

 private:
  std::optional<ParameterValueList> range(const TaskParameterTemplate& parameter, const std::string& field) {
    if (const auto* expression = std::get_if<SubmitString>(&parameter.range)) {
      const std::string text = expression->text.resolve(symbols_);
      Result<RangeExpr> range = RangeExpr::parse(text);
      if (range) return *std::move(range);
      refuse(expression->mark, field, text, range.error());
      return std::nullopt;
    }
    std::vector<std::string> texts;
    const auto& list = std::get<std::vector<SubmitString>>(parameter.range);
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string text = list[i].text.resolve(symbols_);
      Result<std::string> element = checked_element(parameter.type, text);
      if (element) {
        texts.push_back(*std::move(element));
      } else {
        refuse(list[i].mark, field + "[" + std::to_string(i) + "]", text, element.error());
      }
    }
    if (texts.size() != list.size()) return std::nullopt;
    return texts;
  }

  std::optional<std::uint64_t> number(const SubmitString& from, const IntRule& rule,
                                      const std::string& field) {
    const std::string text = from.text.resolve(symbols_);
    const Result<std::int64_t> value = check_int(rule, text);
    if (value) return static_cast<std::uint64_t>(*value);
    refuse(from.mark, field, text, value.error());
    return std::nullopt;
  }

  static Result<RangeExpr> as_range(ParameterValueList list) {
    if (auto* range = std::get_if<RangeExpr>(&list)) return std::move(*range);
    std::vector<std::int64_t> integers;
    for (const std::string& text : std::get<std::vector<std::string>>(list))
      integers.push_back(parse_int(text).value_or(0));  // checked as elements
    return RangeExpr::of_values(std::move(integers));
  }

  Diagnostics& diagnostics_;
  const Symbols& symbols_;
};

}  // namespace

bool is_constant(const ParameterSpaceTemplate& space) {
  return std::all_of(space.parameters.begin(), space.parameters.end(), [](const auto& parameter) {
    const auto& chunks = parameter.chunks;
    if (chunks && !chunks->task_count.text.is_constant()) return false;
    if (chunks && chunks->target_runtime && !chunks->target_runtime->text.is_constant()) return false;
    if (const auto* expression = std::get_if<SubmitString>(&parameter.range)) {
      return expression->text.is_constant();
    }
    const auto& list = std::get<std::vector<SubmitString>>(parameter.range);
    return std::all_of(list.begin(), list.end(), [](const auto& item) { return item.text.is_constant(); });
  });
}

std::optional<ParameterSpace> expand_space(Diagnostics& diagnostics, const ParameterSpaceTemplate& space,
                                           const Symbols& symbols, const std::string& field) {
  Expansion expansion(diagnostics, symbols);
  std::vector<TaskParameter> parameters;
  for (std::size_t i = 0; i < space.parameters.size(); ++i) {
    const TaskParameterTemplate& parameter = space.parameters[i];
    const std::string at = field + ".taskParameterDefinitions[" + std::to_string(i) + "]";
    auto values = expansion.values(parameter, at);
    if (values) parameters.push_back({parameter.name, parameter.type, *std::move(values)});
  }
  if (parameters.size() != space.parameters.size()) return std::nullopt;
  Result<ParameterSpace> made = ParameterSpace::make(std::move(parameters), space.combination);
  if (made) return *std::move(made);
  expansion.refuse(space.combination_mark, field + ".combination", "", made.error());
  return std::nullopt;
}

}  // namespace reeve::openjd
