#include "client/commands/submit.h"
#include "client/command_line.h"
#include "client/commands/all.h"
#include "client/quantities.h"
#include "client/submission.h"
#include "client/template_file.h"

namespace reeve::client {
namespace {

/// What only a command line takes, that was given beside a template.
std::string misplaced_option(const CommandRequest& command) {
  if (!command.array.empty()) return "--array";
  if (!command.each_line.empty()) return "--each-line";
  if (!command.from_json.empty()) return "--from-json";
  if (!command.environment.empty()) return "--env";
  if (!command.inputs.empty()) return "--input";
  if (!command.outputs.empty()) return "--output-file";
  if (!command.gang.empty() || command.mpi) return "--gang and --mpi";
  if (command.cpus + command.gpus + command.memory_bytes + command.most_memory_bytes + command.vram_bytes > 0)
    return "--cpus, --mem, --mem-max, --gpus and --vram";
  return "";
}

Result<BuiltJob> build_command(Context& context, const SubmitVerb& options) {
  if (!options.file.empty() || !options.parameters.empty() || !options.environments.empty() ||
      !options.path_mapping.empty())
    return Error{ErrorCode::kInvalid,
                 "a template or what belongs to one, and a command behind --, were given",
                 "submit one or the other"};
  SubmitOptions job = options.job.submit;
  if (auto resolved = resolve_after(context, options.job, job); !resolved) return resolved.error();
  return build_command_job(options.command, job);
}

Result<ExitCode> submit(Context& context, const SubmitVerb& options) {
  auto built = build_submission(context, options);
  if (!built) return built.error();
  return submit_built(context, *built, submission_options(options.job));
}

}  // namespace

Result<BuiltJob> build_submission(Context& context, const SubmitVerb& options) {
  if (!options.command.words.empty()) return build_command(context, options);
  if (options.file.empty())
    return Error{ErrorCode::kInvalid, "neither a template nor a command was given",
                 "name a template, or write a command behind --: reeve submit -- hostname"};
  if (const std::string option = misplaced_option(options.command); !option.empty())
    return Error{ErrorCode::kInvalid, option + " belongs to a command line, not to a template",
                 "say it in the template, or submit a command behind --"};
  auto text = read_template_file(options.file);
  if (!text) return text.error();
  SubmitOptions job = options.job.submit;
  auto values = parameter_values(options.parameters);
  if (!values) return values.error();
  job.parameters = std::move(*values);
  auto environments = read_environments(options.environments);
  if (!environments) return environments.error();
  job.environments = std::move(*environments);
  auto path_rules = read_path_mapping(options.path_mapping);
  if (!path_rules) return path_rules.error();
  job.path_rules = std::move(*path_rules);
  auto resolved = resolve_after(context, options.job, job);
  if (!resolved) return resolved.error();
  return build_job(*text, std::filesystem::path(options.file).parent_path(), job);
}

void add_submission(CommandLine& line, const Verb& verb, const std::string& name, SubmitVerb& options) {
  verb.option("template", options.file,
              "A template (YAML or JSON, jobtemplate-2023-09); or -- and a command");
  verb.repeated("-p,--parameter", options.parameters, "A job parameter; may be repeated").type("NAME=VALUE");
  verb.repeated("--environment", options.environments,
                "An environment template that is entered around the template's job; may be repeated")
      .type("FILE");
  verb.option("--path-mapping", options.path_mapping,
              "Where folders that PATH parameters name lie on agents (JSON, pathmapping-1.0)")
      .type("FILE");
  CommandRequest& command = options.command;
  line.take_command(name, command.words);
  verb.option("--array", command.array,
              "A task for each number, which it sees as REEVE_ARRAY_TASK_ID; with %N at the end at most N at "
              "once")
      .type("RANGE[%N]");
  verb.option("--each-line", command.each_line, "A task for each line of a file, which it sees as REEVE_ITEM")
      .type("FILE");
  verb.option("--from-json", command.from_json,
              "A task for each value of a JSON array, which it sees as REEVE_ITEM")
      .type("FILE");
  verb.repeated("--env", command.environment, "A variable of the command; may be repeated")
      .type("NAME=VALUE");
  verb.repeated("--input", command.inputs,
                "A file or folder that stands in the working directory; may be repeated")
      .type("PATH[:TARGET]");
  verb.repeated("--output-file", command.outputs,
                "Files that are the result (with ? at the end: if there are any); default: standard output")
      .type("PATTERN");
  verb.option("--image", options.job.submit.image,
              "Run programs in this image, an OCI archive or what docker save writes; it needs no registry")
      .type("FILE");
  verb.option("--cpus", command.cpus, "Processors of a task").between(1, 4096);
  verb.option("--gpus", command.gpus, "GPUs of a task").between(1, 64);
  verb.parsed("--mem", command.memory_bytes, parse_size, "SIZE", "Memory of a task: 8G");
  verb.parsed("--mem-max", command.most_memory_bytes, parse_size, "SIZE",
              "A task that runs out of --mem has twice as much on its next attempt, up to this");
  verb.parsed("--checkpoint", options.job.submit.checkpoint_bytes, parse_size, "SIZE",
              "What a task leaves in $REEVE_CHECKPOINT_DIR, up to so much, goes with it to its next attempt");
  verb.parsed("--vram", command.vram_bytes, parse_size, "SIZE", "Memory of a task's GPU");
  verb.option("--gang", command.gang,
              "Slots of one owner's farm that each task runs on at once; its result is not checked by copies "
              "unless --verify says so")
      .type("N|MIN:MAX");
  verb.flag("--mpi", command.mpi, "Run the command under mpirun, with a rank on each slot of its gang");
  add_job_options(verb, options.job);
}

void add_submit_command(CommandLine& line) {
  auto options = std::make_shared<SubmitVerb>();
  Verb verb =
      line.verb(line.root(), "submit", "Submit a job: an Open Job Description template, or -- COMMAND…",
                [options](Context& context) { return submit(context, *options); });
  add_submission(line, verb, "submit", *options);
}

}  // namespace reeve::client
