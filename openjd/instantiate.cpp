#include <algorithm>
#include <filesystem>

#include "openjd/expand_space.h"
#include "openjd/job.h"
#include "openjd/limits.h"
#include "openjd/parameter_value.h"
#include "openjd/submit_number.h"
#include "openjd/text.h"

namespace reeve::openjd {
namespace {

/// The values of Param.* and RawParam.*; every other scope waits for the host.
class JobSymbols : public Symbols {
 public:
  void set(const std::string& name, std::string value, std::string raw) {
    values_[name] = {std::move(value), std::move(raw)};
  }
  std::optional<std::string_view> value(const Reference& reference) const override {
    if (reference.scope != Scope::kParam && reference.scope != Scope::kRawParam) return std::nullopt;
    const auto found = values_.find(reference.name);
    if (found == values_.end()) return std::nullopt;
    return reference.scope == Scope::kParam ? found->second.value : found->second.raw;
  }

 private:
  struct Value {
    std::string value;
    std::string raw;
  };
  std::map<std::string, Value> values_;
};

Error bad(std::string problem, std::string remedy) {
  return {ErrorCode::kInvalid, std::move(problem), std::move(remedy)};
}

std::string joined_path(const std::string& folder, const std::string& path) {
  if (folder.empty() || path.empty() || path[0] == '/') return path;
  std::string joined = (std::filesystem::path(folder) / path).lexically_normal().string();
  while (joined.size() > 1 && joined.ends_with('/'))  // "a/.." is the folder itself
    joined.pop_back();
  return joined;
}

/// A default travels with its template, so it may not point out of the template's folder.
Result<void> check_default_path(const std::string& path) {
  const std::string normal = std::filesystem::path(path).lexically_normal().string();
  if (!path.empty() && path[0] == '/') {
    return bad("the default path is absolute", "write it relative to the template, or give a value");
  }
  if (normal == ".." || normal.starts_with("../")) {
    return bad("the default path leaves the template's folder", "keep the file beside the template");
  }
  return {};
}

class Instantiation {
 public:
  Instantiation(const JobTemplate& source, const ParameterValues& values, const SubmitFolders& folders)
      : source_(source), values_(values), folders_(folders) {}

  Checked<Job> run() {
    bind_parameters();
    if (!diagnostics_.empty()) return {std::nullopt, diagnostics_.take()};
    resolve_name();
    job_.description = source_.description;
    for (const std::size_t index : run_order())
      add_step(index);
    if (!diagnostics_.empty()) return {std::nullopt, diagnostics_.take()};
    return {std::move(job_), {}};
  }

 private:
  void refuse(Mark mark, std::string field, const std::string& value, const Error& error) {
    diagnostics_.add(
        {mark, std::move(field), value.empty() ? "" : in_quotes(value), error.message, error.hint});
  }

  void bind_parameters() {
    for (const auto& given : values_) {
      const bool known = std::any_of(source_.parameters.begin(), source_.parameters.end(),
                                     [&](const JobParameter& p) { return p.name == given.first; });
      if (!known) refuse({}, given.first, given.second, bad("the job has no such parameter", "take it out"));
    }
    for (const JobParameter& parameter : source_.parameters) {
      const Result<std::string> value = bind(parameter);
      if (!value) {
        refuse({}, parameter.name, "", value.error());
        continue;
      }
      symbols_.set(parameter.name, on_hosts(parameter, *value), *value);
      job_.parameters.push_back(
          {parameter.name, parameter.type, parameter.object_type, parameter.data_flow, *value});
    }
  }

  std::string on_hosts(const JobParameter& parameter, const std::string& raw) const {
    if (parameter.type != ParameterType::kPath) return raw;
    const auto hosted = folders_.hosted.find(parameter.name);
    return hosted != folders_.hosted.end() ? hosted->second
                                           : map_path(folders_.path_rules, raw).value_or(raw);
  }

  /// A value's rules speak of it as it was given; those of a default of where it lies.
  Result<std::string> bind(const JobParameter& parameter) const {
    const auto given = values_.find(parameter.name);
    const bool is_path = parameter.type == ParameterType::kPath;
    if (given != values_.end()) {
      auto value = check_value(parameter, given->second);
      return value && is_path ? joined_path(folders_.working_folder, *value) : value;
    }
    if (!parameter.default_value) {
      return bad("the parameter needs a value", "give one with -p " + parameter.name + "=VALUE");
    }
    if (!is_path) return check_value(parameter, *parameter.default_value);
    const Result<void> inside = check_default_path(*parameter.default_value);
    if (!inside) return inside.error();
    return check_value(parameter, joined_path(folders_.template_folder, *parameter.default_value));
  }

  void resolve_name() {
    job_.name = source_.name.text.resolve(symbols_);
    const std::size_t length = count_characters(job_.name);
    if (length == 0 || length > source_.extensions.job_name()) {
      refuse(source_.name.mark, "name", job_.name,
             bad("the job's name is " + std::to_string(length) + " characters long",
                 "use 1 to " + std::to_string(source_.extensions.job_name())));
    } else if (has_forbidden_control(job_.name, Controls::kNone)) {
      refuse(source_.name.mark, "name", job_.name,
             bad("the job's name holds a control character", "take it out of the parameter's value"));
    }
  }

  /// Steps after all that they depend on, otherwise as written. The template has no cycle.
  std::vector<std::size_t> run_order() const {
    const std::vector<std::vector<std::size_t>> needs = dependencies();
    std::vector<std::size_t> order;
    std::vector<bool> placed(needs.size(), false);
    while (order.size() < needs.size()) {
      std::size_t next = 0;  // the first that can run
      while (next < needs.size() && (placed[next] || !all_placed(needs[next], placed)))
        ++next;
      REEVE_CHECK(next < needs.size(), "the dependencies of a checked template have no cycle");
      placed[next] = true;
      order.push_back(next);
    }
    return order;
  }

  /// The positions of the steps that each step waits for.
  std::vector<std::vector<std::size_t>> dependencies() const {
    std::map<std::string, std::size_t> index;
    for (std::size_t i = 0; i < source_.steps.size(); ++i)
      index.emplace(source_.steps[i].name, i);
    std::vector<std::vector<std::size_t>> needs;
    for (const StepTemplate& step : source_.steps) {
      needs.emplace_back();
      for (const std::string& name : step.dependencies)
        needs.back().push_back(index.at(name));
    }
    return needs;
  }

  static bool all_placed(const std::vector<std::size_t>& steps, const std::vector<bool>& placed) {
    return std::all_of(steps.begin(), steps.end(), [&](std::size_t step) { return placed[step]; });
  }

  void add_step(std::size_t index) {
    const StepTemplate& from = source_.steps[index];
    const std::string field = "steps[" + std::to_string(index) + "]";
    Step step;
    step.name = from.name;
    step.description = from.description;
    for (std::uint32_t i = 0; i < job_.steps.size(); ++i) {
      const auto& names = from.dependencies;
      if (std::find(names.begin(), names.end(), job_.steps[i].name) != names.end())
        step.depends_on.push_back(i);
    }
    step.requirements = requirements(from, field + ".hostRequirements");
    if (from.space) {
      auto space = expand_space(diagnostics_, *from.space, symbols_, field + ".parameterSpace");
      if (space) step.script.space = *std::move(space);
    }
    step.script.on_run = fold(from.on_run, field + ".script.actions.onRun");
    step.script.files = fold(from.files);
    add_environments(source_.environments, "jobEnvironments", step.script);
    add_environments(from.environments, field + ".stepEnvironments", step.script);
    step.script.redacted_variables = source_.extensions.redacted_env_vars;
    step.script.path_rules = folders_.path_rules;
    job_.steps.push_back(std::move(step));
  }

  HostRequirements requirements(const StepTemplate& from, const std::string& field) {
    HostRequirements out;
    for (std::size_t i = 0; i < from.amounts.size(); ++i) {
      const AmountTemplate& amount = from.amounts[i];
      const std::string at = field + ".amounts[" + std::to_string(i) + "]";
      const std::string name = capability(amount.name, at + ".name", check_amount_name, out.amounts);
      const auto min = amount_end(amount.min, AmountEnd::kMin, at + ".min");
      const auto max = amount_end(amount.max, AmountEnd::kMax, at + ".max");
      if (min && max && *min > *max) {
        refuse(amount.max->mark, at + ".max", amount.max->text.resolve(symbols_),
               bad("the maximum is below the minimum", "give other parameters"));
      }
      out.amounts.push_back({name, min, max});
    }
    for (std::size_t i = 0; i < from.attributes.size(); ++i) {
      const AttributeTemplate& attribute = from.attributes[i];
      const std::string at = field + ".attributes[" + std::to_string(i) + "]";
      const std::string name = capability(attribute.name, at + ".name", check_attribute_name, out.attributes);
      if (const Result<void> fits = check_all_of(name, attribute.all_of.size()); !fits)
        refuse(attribute.all_of[0].mark, at + ".allOf", "", fits.error());
      out.attributes.push_back({name, values(name, attribute.any_of, at + ".anyOf"),
                                values(name, attribute.all_of, at + ".allOf")});
    }
    return out;
  }

  std::optional<double> amount_end(const std::optional<SubmitString>& from, AmountEnd end,
                                   const std::string& field) {
    if (!from) return std::nullopt;
    const std::string text = from->text.resolve(symbols_);
    const Result<double> value = check_amount(end, text);
    if (value) return *value;
    refuse(from->mark, field, text, value.error());
    return std::nullopt;
  }

  template <class T>
  std::string capability(const SubmitString& from, const std::string& field,
                         Result<void> (*check)(std::string_view), const std::vector<T>& earlier) {
    const std::string name = to_lower(from.text.resolve(symbols_));
    const Result<void> checked = check(name);
    if (!checked) refuse(from.mark, field, name, checked.error());
    const bool repeated =
        std::any_of(earlier.begin(), earlier.end(), [&](const T& other) { return other.name == name; });
    if (repeated) refuse(from.mark, field, name, bad("this is required twice", "join the two"));
    return name;
  }

  std::vector<std::string> values(const std::string& name, const std::vector<SubmitString>& from,
                                  const std::string& field) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < from.size(); ++i) {
      const std::string value = to_lower(from[i].text.resolve(symbols_));
      const Result<void> checked = check_attribute_value(name, value);
      if (!checked) refuse(from[i].mark, field + "[" + std::to_string(i) + "]", value, checked.error());
      out.push_back(value);
    }
    return out;
  }

  std::optional<std::uint32_t> seconds(const std::optional<SubmitString>& from, const IntRule& rule,
                                       const std::string& field) {
    if (!from) return std::nullopt;
    const std::string text = from->text.resolve(symbols_);
    const Result<std::int64_t> value = check_int(rule, text);
    if (value) return static_cast<std::uint32_t>(*value);
    refuse(from->mark, field, text, value.error());
    return std::nullopt;
  }

  Action fold(const ActionTemplate& from, const std::string& field) {
    Action out = from.action;
    out.command = out.command.fold(symbols_);
    for (FormatString& arg : out.args)
      arg = arg.fold(symbols_);
    if (const auto given = seconds(from.timeout, timeout_rule(), field + ".timeout")) out.timeout_s = given;
    const auto notify =
        seconds(from.notify_period, notify_rule(), field + ".cancelation.notifyPeriodInSeconds");
    if (notify) out.cancelation.notify_period_s = *notify;
    if (from.mode && !notifies(*from.mode, from.notify_period.has_value(), field + ".cancelation.mode"))
      out.cancelation = {};
    return out;
  }

  bool notifies(const SubmitString& mode, bool period, const std::string& field) {
    const std::string word = mode.text.resolve(symbols_);
    if (word == "NOTIFY_THEN_TERMINATE") return true;
    if (word == "TERMINATE") {
      if (period) refuse(mode.mark, field, word, bad("TERMINATE has no notify period", "give another mode"));
    } else {
      refuse(mode.mark, field, word,
             bad("this is no way to cancel", "give TERMINATE or NOTIFY_THEN_TERMINATE"));
    }
    return false;
  }

  void add_environments(const std::vector<EnvironmentTemplate>& from, const std::string& field,
                        StepScript& script) {
    for (std::size_t i = 0; i < from.size(); ++i)
      script.environments.push_back(fold(from[i], field + "[" + std::to_string(i) + "].script.actions"));
  }

  std::vector<EmbeddedFile> fold(const std::vector<EmbeddedFile>& from) const {
    std::vector<EmbeddedFile> out = from;
    for (EmbeddedFile& file : out)
      file.data = file.data.fold(symbols_);
    return out;
  }

  Environment fold(const EnvironmentTemplate& from, const std::string& field) {
    Environment out;
    out.name = from.name;
    out.variables = from.variables;
    for (Variable& variable : out.variables)
      variable.value = variable.value.fold(symbols_);
    if (from.on_enter) out.on_enter = fold(*from.on_enter, field + ".onEnter");
    if (from.on_exit) out.on_exit = fold(*from.on_exit, field + ".onExit");
    out.files = fold(from.files);
    return out;
  }

  const JobTemplate& source_;
  const ParameterValues& values_;
  const SubmitFolders& folders_;
  Diagnostics diagnostics_;
  JobSymbols symbols_;
  Job job_;
};

}  // namespace

Checked<Job> instantiate(const JobTemplate& job_template, const ParameterValues& values,
                         const SubmitFolders& folders) {
  return Instantiation(job_template, values, folders).run();
}

}  // namespace reeve::openjd
