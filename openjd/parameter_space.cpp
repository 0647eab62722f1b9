#include "openjd/parameter_space.h"

#include <array>
#include <charconv>

#include "openjd/limits.h"
#include "protocol/check.h"

namespace reeve::openjd {
namespace {

std::uint64_t count_values(const ParameterValueList& values) {
  return std::visit([](const auto& list) -> std::uint64_t { return list.size(); }, values);
}

void assign_value(const ParameterValueList& values, std::uint64_t index, std::string& out) {
  if (const auto* texts = std::get_if<std::vector<std::string>>(&values)) {
    out = (*texts)[index];
    return;
  }
  if (const auto* chunks = std::get_if<ChunkedRange>(&values)) {
    chunks->write(index, out);
    return;
  }
  std::array<char, 24> digits;  // a sign and 19 digits at most
  const std::int64_t number = std::get<RangeExpr>(values).at(index);
  out.assign(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

}  // namespace

const char* type_name(ParameterType type) {
  constexpr std::array<const char*, kLastParameterType + 1> kNames = {"STRING", "PATH", "INT", "FLOAT",
                                                                      "CHUNK[INT]"};
  return kNames[static_cast<std::size_t>(type)];
}

Result<ParameterSpace> ParameterSpace::make(std::vector<TaskParameter> parameters,
                                            const Combination& combination) {
  std::vector<std::uint64_t> sizes;
  for (const TaskParameter& parameter : parameters)
    sizes.push_back(count_values(parameter.values));
  const Result<Layout> layout = combination.lay_out(sizes);
  if (!layout) return layout.error();
  ParameterSpace out;
  out.size_ = layout->size;
  for (std::size_t i = 0; i < parameters.size(); ++i)
    out.axes_.push_back({std::move(parameters[i]), layout->divisors[i], sizes[i]});
  REEVE_CHECK(out.complete_axes(), "a layout fits the parameters it was made for");
  return out;
}

bool ParameterSpace::complete_axes() {
  if (size_ == 0 || size_ > limits::kTasks || axes_.size() > limits::kTaskParameters) return false;
  for (Axis& axis : axes_) {
    if (static_cast<std::uint8_t>(axis.parameter.type) > kLastParameterType) return false;
    axis.count = count_values(axis.parameter.values);
    if (axis.count == 0 || axis.divisor == 0 || axis.divisor > size_) return false;
  }
  return true;
}

void ParameterSpace::at(std::uint64_t index, TaskValues& out) const {
  REEVE_CHECK(index < size_, "a task's index lies inside its parameter space");
  out.resize(axes_.size());
  for (std::size_t i = 0; i < axes_.size(); ++i)
    assign_value(axes_[i].parameter.values, index / axes_[i].divisor % axes_[i].count, out[i]);
}

TaskValues ParameterSpace::at(std::uint64_t index) const {
  TaskValues out;
  at(index, out);
  return out;
}

}  // namespace reeve::openjd
