#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "openjd/chunked_range.h"
#include "openjd/combination.h"
#include "openjd/range_expr.h"
#include "protocol/archive.h"
#include "protocol/result.h"

namespace reeve::openjd {

/// Types of job and task parameters. Numbers are stored in encoded steps: never reorder.
/// kChunkInt is a task parameter's alone.
enum class ParameterType : std::uint8_t { kString = 0, kPath = 1, kInt = 2, kFloat = 3, kChunkInt = 4 };
inline constexpr std::uint8_t kLastParameterType = 4;

const char* type_name(ParameterType type);

/// The values that a task parameter takes, in order: a range that is computed, texts, or chunks of a range.
using ParameterValueList = std::variant<RangeExpr, std::vector<std::string>, ChunkedRange>;

struct TaskParameter {
  std::string name;
  ParameterType type = ParameterType::kString;
  ParameterValueList values;
  bool operator==(const TaskParameter&) const = default;
};

/// The values of one task, a text for each parameter of its space and in their order.
using TaskValues = std::vector<std::string>;

/// All tasks of a step: task i has one value for each parameter. Nothing is listed out.
class ParameterSpace {
 public:
  /// A step without parameters: one task.
  ParameterSpace() = default;

  /// Errors: those of Combination::lay_out.
  static Result<ParameterSpace> make(std::vector<TaskParameter> parameters, const Combination& combination);

  /// Tasks; 1 to 2^32 - 2.
  std::uint64_t size() const { return size_; }
  std::size_t parameter_count() const { return axes_.size(); }
  const std::string& name(std::size_t parameter) const { return axes_[parameter].parameter.name; }
  ParameterType type(std::size_t parameter) const { return axes_[parameter].parameter.type; }
  /// How many values the parameter takes; chunks count as one each.
  std::uint64_t value_count(std::size_t parameter) const { return axes_[parameter].count; }

  /// The values of task `index` < size(). `out` is overwritten; its capacity is used again.
  void at(std::uint64_t index, TaskValues& out) const;
  TaskValues at(std::uint64_t index) const;

  bool operator==(const ParameterSpace&) const = default;

 private:
  struct Axis {
    TaskParameter parameter;
    std::uint64_t divisor = 1;
    std::uint64_t count = 0;
    bool operator==(const Axis&) const = default;
  };

  /// Counts each axis' values; false where the axes and the size do not fit together.
  bool complete_axes();

  template <class A>
  friend void fields(A& a, Axis& x) {
    a(x.parameter.name, x.parameter.type, x.parameter.values, x.divisor);
  }
  template <class A>
  friend void fields(A& a, ParameterSpace& s) {
    a(s.axes_, s.size_);
    if constexpr (A::kReading) {
      if (a.ok() && !s.complete_axes()) a.fail();
    }
  }

  std::vector<Axis> axes_;
  std::uint64_t size_ = 1;
};

}  // namespace reeve::openjd
