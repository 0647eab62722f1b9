#include <fstream>

#include "client/command_line.h"
#include "client/commands/all.h"
#include "client/commands/job_options.h"
#include "client/submission.h"
#include "openjd/limits.h"

namespace reeve::client {
namespace {

struct Options {
  std::string file;
  std::vector<std::string> parameters;
  JobOptions job;
};

Result<std::string> read_template(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kNotFound, "cannot read the template " + path, "check the path"};
  std::string text(openjd::limits::kTemplateBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

Result<ExitCode> submit(Context& context, const Options& options) {
  auto text = read_template(options.file);
  if (!text) return text.error();
  SubmitOptions job = options.job.submit;
  for (const std::string& given : options.parameters) {
    const std::size_t equals = given.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{ErrorCode::kInvalid, "parameter '" + given + "' is not NAME=VALUE",
                   "write -p Frames=1-10"};
    }
    job.parameters[given.substr(0, equals)] = given.substr(equals + 1);
  }
  auto resolved = resolve_after(context, options.job, job);
  if (!resolved) return resolved.error();
  auto built = build_job(*text, std::filesystem::path(options.file).parent_path(), job);
  if (!built) return built.error();
  return submit_built(context, *built, submission_options(options.job));
}

}  // namespace

void add_submit_command(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Verb verb = line.verb(line.root(), "submit", "Submit a job from an Open Job Description template",
                        [options](Context& context) { return submit(context, *options); });
  verb.option("template", options->file, "A template (YAML or JSON, jobtemplate-2023-09)").required();
  verb.repeated("-p,--parameter", options->parameters, "A job parameter; may be repeated").type("NAME=VALUE");
  add_job_options(verb, options->job);
}

}  // namespace reeve::client
