#include "openjd/merge.h"

#include <algorithm>

#include "openjd/limits.h"
#include "openjd/parameter_value.h"
#include "openjd/text.h"

namespace reeve::openjd {
namespace {

/// The larger of two lower bounds, or the smaller of two upper ones; an absent bound allows everything.
template <class T, class F>
void tighten(std::optional<T>& bound, const std::optional<T>& other, F&& choose) {
  if (!bound) {
    bound = other;
  } else if (other) {
    bound = choose(*bound, *other);
  }
}

template <class T>
bool crossed(const std::optional<T>& min, const std::optional<T>& max) {
  return min && max && *min > *max;
}

class Merge {
 public:
  explicit Merge(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  void add(const JobParameter& parameter) {
    const auto earlier = std::find_if(merged_.begin(), merged_.end(),
                                      [&](const JobParameter& p) { return p.name == parameter.name; });
    if (earlier == merged_.end()) {
      merged_.push_back(parameter);
    } else if (agree(*earlier, parameter)) {
      narrow(*earlier, parameter);
    }
  }

  /// Checks what only shows once every definition is merged.
  std::vector<JobParameter> finish() {
    for (const JobParameter& parameter : merged_) {
      if (crossed(parameter.min_int, parameter.max_int) ||
          crossed(parameter.min_float, parameter.max_float) ||
          crossed(parameter.min_length, parameter.max_length)) {
        refuse(parameter, "the templates together allow no value", "widen the bounds of one of them");
      } else if (parameter.default_value) {
        const Result<std::string> value = check_value(parameter, *parameter.default_value);
        if (!value) refuse(parameter, "its default: " + value.error().message, value.error().hint);
      }
    }
    return std::move(merged_);
  }

 private:
  void refuse(const JobParameter& parameter, std::string problem, std::string remedy) {
    diagnostics_.add(
        {{}, "parameterDefinitions." + parameter.name, {}, std::move(problem), std::move(remedy)});
  }

  bool agree(const JobParameter& a, const JobParameter& b) {
    if (a.type != b.type) {
      refuse(b, std::string("one template makes it ") + type_name(a.type) + ", another " + type_name(b.type),
             "give it one type");
      return false;
    }
    const bool same_object = !a.object_type_given || !b.object_type_given || a.object_type == b.object_type;
    const bool same_flow = !a.data_flow_given || !b.data_flow_given || a.data_flow == b.data_flow;
    if (!same_object) refuse(b, "the templates differ in its objectType", "give it one objectType");
    if (!same_flow) refuse(b, "the templates differ in its dataFlow", "give it one dataFlow");
    return same_object && same_flow;
  }

  void narrow(JobParameter& a, const JobParameter& b) {
    const auto larger = [](const auto& x, const auto& y) { return std::max(x, y); };
    const auto smaller = [](const auto& x, const auto& y) { return std::min(x, y); };
    tighten(a.min_length, b.min_length, larger);
    tighten(a.max_length, b.max_length, smaller);
    tighten(a.min_int, b.min_int, larger);
    tighten(a.max_int, b.max_int, smaller);
    tighten(a.min_float, b.min_float, larger);
    tighten(a.max_float, b.max_float, smaller);
    if (a.allowed_values.empty()) {
      a.allowed_values = b.allowed_values;
    } else if (!b.allowed_values.empty()) {
      intersect(a, b);
    }
    if (b.default_value) a.default_value = b.default_value;
    if (!b.description.empty()) a.description = b.description;
    if (b.object_type_given) a.object_type = b.object_type;
    if (b.data_flow_given) a.data_flow = b.data_flow;
    a.object_type_given = a.object_type_given || b.object_type_given;
    a.data_flow_given = a.data_flow_given || b.data_flow_given;
    a.user_interface = b.user_interface;
    a.mark = b.mark;
  }

  void intersect(JobParameter& a, const JobParameter& b) {
    JobParameter only_choice;  // of b, so that numbers compare as numbers
    only_choice.type = b.type;
    only_choice.allowed_values = b.allowed_values;
    std::erase_if(a.allowed_values,
                  [&](const std::string& value) { return !check_value(only_choice, value); });
    if (a.allowed_values.empty()) {
      refuse(b, "no value is allowed by every template", "let their allowedValues share one");
      a.allowed_values = b.allowed_values;
    }
  }

  Diagnostics& diagnostics_;
  std::vector<JobParameter> merged_;
};

}  // namespace

Checked<JobTemplate> with_environments(JobTemplate job,
                                       const std::vector<EnvironmentDocument>& environments) {
  Diagnostics diagnostics;
  if (environments.size() > limits::kEnvironmentTemplates) {
    diagnostics.add({{},
                     {},
                     {},
                     "there are " + std::to_string(environments.size()) + " environment templates",
                     "give at most " + std::to_string(limits::kEnvironmentTemplates)});
    return {std::nullopt, diagnostics.take()};
  }
  Merge merge(diagnostics);
  std::vector<EnvironmentTemplate> entered;
  for (const EnvironmentDocument& document : environments) {
    for (const JobParameter& parameter : document.parameters)
      merge.add(parameter);
    entered.push_back(document.environment);
    job.extensions.redacted_env_vars |= document.extensions.redacted_env_vars;
  }
  for (const JobParameter& parameter : job.parameters)
    merge.add(parameter);
  job.parameters = merge.finish();
  job.environments.insert(job.environments.begin(), std::make_move_iterator(entered.begin()),
                          std::make_move_iterator(entered.end()));
  if (!diagnostics.empty()) return {std::nullopt, diagnostics.take()};
  return {std::move(job), {}};
}

}  // namespace reeve::openjd
