#include "client/summary.h"

#include <cmath>

#include "client/quantities.h"
#include "openjd/task.h"

namespace reeve::client {
namespace {

const char* flow_name(openjd::DataFlow flow) {
  switch (flow) {
    case openjd::DataFlow::kNone: return "NONE";
    case openjd::DataFlow::kIn: return "IN";
    case openjd::DataFlow::kOut: return "OUT";
    case openjd::DataFlow::kInOut: return "INOUT";
  }
  return "NONE";
}

bool flows(const openjd::BoundParameter& parameter) {
  return parameter.type == openjd::ParameterType::kPath && parameter.data_flow != openjd::DataFlow::kNone;
}

/// 2 for 2.0, otherwise as a number is written.
std::string number(double value) {
  const Json whole = static_cast<std::int64_t>(value);
  const bool is_whole = std::abs(value) < 1e15 && std::floor(value) == value;
  return is_whole ? whole.dump() : Json(value).dump();
}

std::string joined(const std::vector<std::string>& words, const char* separator) {
  std::string out;
  for (const std::string& word : words)
    out += (out.empty() ? "" : separator) + word;
  return out;
}

/// "amount.worker.vcpu >= 2", "attr.worker.os.family any of linux".
std::vector<std::string> requirement_words(const openjd::HostRequirements& requirements) {
  std::vector<std::string> words;
  for (const openjd::AmountRequirement& amount : requirements.amounts) {
    std::vector<std::string> ends;
    if (amount.min) ends.push_back(">= " + number(*amount.min));
    if (amount.max) ends.push_back("<= " + number(*amount.max));
    words.push_back(amount.name + " " + joined(ends, " and "));
  }
  for (const openjd::AttributeRequirement& attribute : requirements.attributes) {
    if (!attribute.any_of.empty())
      words.push_back(attribute.name + " any of " + joined(attribute.any_of, ", "));
    if (!attribute.all_of.empty())
      words.push_back(attribute.name + " all of " + joined(attribute.all_of, ", "));
  }
  return words;
}

Json requirements_json(const openjd::HostRequirements& requirements) {
  Json out = {{"amounts", Json::array()}, {"attributes", Json::array()}};
  for (const openjd::AmountRequirement& amount : requirements.amounts) {
    out["amounts"].push_back({{"name", amount.name},
                              {"min", amount.min ? Json(*amount.min) : Json()},
                              {"max", amount.max ? Json(*amount.max) : Json()}});
  }
  for (const openjd::AttributeRequirement& attribute : requirements.attributes) {
    out["attributes"].push_back(
        {{"name", attribute.name}, {"any_of", attribute.any_of}, {"all_of", attribute.all_of}});
  }
  return out;
}

/// The values of one task by their parameters' names.
Json task_json(const openjd::ParameterSpace& space, std::uint64_t index) {
  const openjd::TaskValues values = space.at(index);
  Json out = Json::object();
  for (std::size_t i = 0; i < values.size(); ++i)
    out[space.name(i)] = values[i];
  return out;
}

Json step_json(const openjd::Job& job, const openjd::Step& step) {
  const openjd::ParameterSpace& space = step.script.space;
  Json out = {{"name", step.name},
              {"description", step.description},
              {"tasks", space.size()},
              {"depends_on", Json::array()},
              {"parameters", Json::array()},
              {"first_task", task_json(space, 0)},
              {"last_task", task_json(space, space.size() - 1)},
              {"requirements", requirements_json(step.requirements)},
              {"environments", Json::array()},
              {"command", step.script.on_run.command.source()},
              {"timeout_s", step.script.on_run.timeout_s ? Json(*step.script.on_run.timeout_s) : Json()}};
  for (const std::uint32_t earlier : step.depends_on)
    out["depends_on"].push_back(job.steps[earlier].name);
  for (std::size_t i = 0; i < space.parameter_count(); ++i) {
    out["parameters"].push_back(
        {{"name", space.name(i)}, {"type", type_name(space.type(i))}, {"values", space.value_count(i)}});
  }
  for (const openjd::Environment& environment : step.script.environments)
    out["environments"].push_back(environment.name);
  return out;
}

void add_line(std::string& text, const char* label, const std::string& value) {
  if (value.empty()) return;
  text += "  " + std::string(label) +
          std::string(14 - std::min<std::size_t>(13, std::string(label).size()), ' ') + printable(value) +
          "\n";
}

std::string step_text(const openjd::Job& job, const openjd::Step& step, const Style& style) {
  const openjd::ParameterSpace& space = step.script.space;
  std::string text = "\n" + style.paint(Tone::kStrong, "Step " + printable(step.name)) + ": " +
                     std::to_string(space.size()) + (space.size() == 1 ? " task\n" : " tasks\n");
  std::vector<std::string> after;
  for (const std::uint32_t earlier : step.depends_on)
    after.push_back(job.steps[earlier].name);
  add_line(text, "after", joined(after, ", "));
  std::vector<std::string> parameters;
  for (std::size_t i = 0; i < space.parameter_count(); ++i) {
    parameters.push_back(space.name(i) + " " + type_name(space.type(i)) + " (" +
                         std::to_string(space.value_count(i)) + ")");
  }
  add_line(text, "parameters", joined(parameters, ", "));
  if (space.parameter_count() != 0) {
    add_line(text, "first task", openjd::describe_task(space, 0));
    add_line(text, "last task", openjd::describe_task(space, space.size() - 1));
  }
  add_line(text, "command", step.script.on_run.command.source());
  if (step.script.on_run.timeout_s)
    add_line(text, "timeout", std::to_string(*step.script.on_run.timeout_s) + " s");
  for (const std::string& requirement : requirement_words(step.requirements))
    add_line(text, "needs", requirement);
  std::vector<std::string> environments;
  for (const openjd::Environment& environment : step.script.environments)
    environments.push_back(environment.name);
  add_line(text, "environments", joined(environments, ", "));
  return text;
}

std::string parameters_text(const openjd::Job& job, const Style& style) {
  if (job.parameters.empty()) return {};
  Table table({{"PARAMETER"}, {"TYPE"}, {"FLOW"}, {"VALUE"}});
  for (const openjd::BoundParameter& parameter : job.parameters) {
    table.row({{parameter.name},
               {type_name(parameter.type)},
               {flows(parameter) ? flow_name(parameter.data_flow) : ""},
               {parameter.raw_value}});
  }
  return "\n" + table.render(style);
}

Json parameter_json(const openjd::BoundParameter& parameter) {
  Json out = {{"name", parameter.name}, {"type", type_name(parameter.type)}, {"value", parameter.raw_value}};
  if (parameter.type != openjd::ParameterType::kPath) return out;
  out["object"] = parameter.object_type == openjd::ObjectType::kFile ? "FILE" : "DIRECTORY";
  out["flow"] = flow_name(parameter.data_flow);
  return out;
}

}  // namespace

View summary_view(const openjd::Job& job, const std::optional<Quote>& quote, const Style& style) {
  std::uint64_t tasks = 0;
  Json steps = Json::array();
  std::string steps_text;
  for (const openjd::Step& step : job.steps) {
    tasks += step.script.space.size();
    steps.push_back(step_json(job, step));
    steps_text += step_text(job, step, style);
  }
  Json parameters = Json::array();
  Json inputs = Json::array();
  Json outputs = Json::array();
  for (const openjd::BoundParameter& parameter : job.parameters) {
    parameters.push_back(parameter_json(parameter));
    if (!flows(parameter)) continue;
    if (parameter.data_flow != openjd::DataFlow::kOut) inputs.push_back(parameter_json(parameter));
    if (parameter.data_flow != openjd::DataFlow::kIn) outputs.push_back(parameter_json(parameter));
  }
  View view;
  view.json = {{"job", job.name},  {"description", job.description},
               {"tasks", tasks},   {"parameters", parameters},
               {"inputs", inputs}, {"outputs", outputs},
               {"steps", steps}};
  view.text = style.paint(Tone::kStrong, "Job " + printable(job.name)) + ": " +
              std::to_string(job.steps.size()) + (job.steps.size() == 1 ? " step, " : " steps, ") +
              std::to_string(tasks) + (tasks == 1 ? " task\n" : " tasks\n");
  add_line(view.text, "description", job.description);
  if (quote) {
    view.json["quote"] = {
        {"region", quote->region}, {"likely_micro", quote->likely}, {"most_micro", quote->most}};
    add_line(view.text, "cost",
             "likely " + format_credits(quote->likely) + " credits, at most " + format_credits(quote->most) +
                 ", in the region " + printable(quote->region));
  }
  view.text += parameters_text(job, style) + steps_text;
  view.quiet = std::to_string(tasks) + "\n";
  return view;
}

}  // namespace reeve::client
