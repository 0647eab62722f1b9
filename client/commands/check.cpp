#include <memory>

#include "client/command_line.h"
#include "client/commands/all.h"
#include "client/template_file.h"
#include "openjd/template.h"

namespace reeve::client {
namespace {

/// What a template that breaks no rule is, in a few words.
std::string described(const openjd::AnyTemplate& any) {
  if (const auto* environment = std::get_if<openjd::EnvironmentDocument>(&any)) {
    return "valid, an environment template (" + environment->environment.name + ")";
  }
  const auto& job = std::get<openjd::JobTemplate>(any);
  const std::size_t steps = job.steps.size();
  return "valid, a job template of " + std::to_string(steps) + (steps == 1 ? " step" : " steps");
}

View checked_view(const std::string& file, const std::string& text, const Style& style) {
  const auto parsed = openjd::parse_any_template(text);
  if (!parsed) return diagnostics_view(file, parsed.errors, style);
  const bool is_job = std::holds_alternative<openjd::JobTemplate>(*parsed.value);
  View view;
  view.json = {
      {"file", file}, {"valid", true}, {"kind", is_job ? "job" : "environment"}, {"errors", Json::array()}};
  view.text = file + ": " + style.paint(Tone::kGood, described(*parsed.value)) + "\n";
  return view;
}

/// Checks every file, whatever is wrong with the ones before.
Result<ExitCode> check(Context& context, const std::vector<std::string>& files) {
  const Style& style = context.output().style();
  View all{{{"valid", true}, {"files", Json::array()}}, {}, {}};
  ExitCode code = kExitOk;
  for (const std::string& file : files) {
    const auto text = read_template_file(file);
    View one;
    if (text) {
      one = checked_view(file, *text, style);
    } else {
      one = diagnostics_view(file, {{{}, {}, {}, text.error().message, text.error().hint}}, style);
      if (code == kExitOk) code = kExitNotFound;
    }
    if (text && !one.json["valid"].get<bool>()) code = kExitUsage;
    if (!one.json["valid"].get<bool>()) all.json["valid"] = false;
    all.json["files"].push_back(std::move(one.json));
    all.text += one.text;
    all.quiet += one.quiet;
  }
  context.output().show(all);
  return code;
}

}  // namespace

void add_check_command(CommandLine& line) {
  auto files = std::make_shared<std::vector<std::string>>();
  Verb verb = line.verb(line.root(), "check", "Check templates and say everything that is wrong with them",
                        [files](Context& context) { return check(context, *files); });
  verb.words("template", *files,
             "Job templates (jobtemplate-2023-09) or environment templates (environment-2023-09)")
      .required()
      .type("FILE");
}

}  // namespace reeve::client
