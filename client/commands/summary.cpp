#include "client/summary.h"

#include <filesystem>
#include <memory>

#include "client/command_line.h"
#include "client/commands/all.h"
#include "client/job_builder.h"
#include "client/template_file.h"
#include "openjd/merge.h"
#include "openjd/template.h"

namespace reeve::client {
namespace {

struct Options {
  std::string file;
  std::vector<std::string> parameters;
  std::vector<std::string> environments;
};

/// Shows everything that is wrong with `file`; the command line is told by the exit code.
ExitCode refuse(Context& context, const std::string& file, const std::vector<openjd::Diagnostic>& errors) {
  context.output().show(diagnostics_view(file, errors, context.output().style()));
  return kExitUsage;
}

/// Each file that names an environment, or the exit code of the first that is wrong.
Result<ExitCode> read_environments(Context& context, const std::vector<std::string>& files,
                                   std::vector<openjd::EnvironmentDocument>& documents) {
  for (const std::string& file : files) {
    const auto text = read_template_file(file);
    if (!text) return text.error();
    auto document = openjd::parse_environment_template(*text);
    if (!document) return refuse(context, file, document.errors);
    documents.push_back(std::move(*document.value));
  }
  return kExitOk;
}

/// As `reeve submit` would send it, but for its inputs. Nothing where the login's region cannot be asked:
/// that a summary needs none is worth more than its price.
std::optional<Quote> ask_quote(Context& context, const openjd::Job& job) {
  const auto login = context.login();
  if (!login) return std::nullopt;
  SubmitOptions options;
  msg::SubmitJob asked{empty_spec(options, job.name), false, true};
  bool programs = false;
  for (const openjd::Step& step : job.steps) {
    auto spec = build_step(step, step_options(options));
    if (!spec) return std::nullopt;
    asked.spec.steps.push_back(std::move(*spec));
    programs = programs || runs_program(step);
  }
  asked.spec.verify = programs ? kProgramVerify : VerifyPolicy{};
  const auto connection = context.region();
  if (!connection) {
    context.output().note("note: no price is known: " + connection.error().message);
    return std::nullopt;
  }
  const auto quote = (*connection)->submit(std::move(asked));
  if (!quote) {
    context.output().note("note: the region gives no price: " + quote.error().message);
    return std::nullopt;
  }
  return Quote{(*connection)->welcome().region, quote->quote_likely, quote->quote_most};
}

Result<ExitCode> summarize(Context& context, const Options& options) {
  const auto text = read_template_file(options.file);
  if (!text) return text.error();
  const auto values = parameter_values(options.parameters);
  if (!values) return values.error();
  auto parsed = openjd::parse_template(*text);
  if (!parsed) return refuse(context, options.file, parsed.errors);
  std::vector<openjd::EnvironmentDocument> environments;
  const auto read = read_environments(context, options.environments, environments);
  if (!read) return read.error();
  if (*read != kExitOk) return *read;
  auto merged = openjd::with_environments(std::move(*parsed.value), environments);
  if (!merged) return refuse(context, options.file, merged.errors);
  std::error_code error;  // where the working folder is gone, paths stay relative
  const std::filesystem::path here = std::filesystem::current_path(error);
  const std::filesystem::path beside = here / std::filesystem::path(options.file).parent_path();
  const auto job = openjd::instantiate(*merged.value, *values, {beside.string(), here.string()});
  if (!job) return refuse(context, options.file, job.errors);
  context.output().show(summary_view(*job.value, ask_quote(context, *job.value), context.output().style()));
  return kExitOk;
}

}  // namespace

void add_summary_command(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Verb verb = line.verb(
      line.root(), "summary",
      "Show what a template would run: steps, tasks, needs and files; and its price, where you are logged in",
      [options](Context& context) { return summarize(context, *options); });
  verb.option("template", options->file, "A job template (YAML or JSON, jobtemplate-2023-09)")
      .required()
      .type("FILE");
  verb.repeated("-p,--parameter", options->parameters, "A job parameter; may be repeated").type("NAME=VALUE");
  verb.repeated("--environment", options->environments,
                "An environment template that is entered around the job; may be repeated")
      .type("FILE");
}

}  // namespace reeve::client
