#include "client/job_builder.h"

#include <algorithm>
#include <set>

#include "client/kernels_table.h"
#include "client/program_image.h"
#include "client/program_inputs.h"
#include "client/quantities.h"
#include "client/step_builder.h"
#include "openjd/merge.h"
#include "openjd/template.h"
#include "protocol/comparison.h"
#include "protocol/limits.h"

namespace reeve::client {
namespace {

template <class T>
Result<T> first_errors(openjd::Checked<T> checked) {
  if (checked) return std::move(*checked.value);
  return broken_rules("the template", checked.errors);
}

/// A parameter whose file goes along with the job.
bool is_input(const openjd::JobParameter& parameter) {
  return parameter.type == openjd::ParameterType::kPath &&
         parameter.object_type == openjd::ObjectType::kFile &&
         (parameter.data_flow == openjd::DataFlow::kIn || parameter.data_flow == openjd::DataFlow::kInOut);
}

/// Input files by the parameter that names them.
using InputPaths = std::map<std::string, std::filesystem::path>;

/// Which parameters name files. A default starts at the template's folder, a given value at the working one;
/// what already names a blob stays as it is.
InputPaths input_paths(const openjd::JobTemplate& job, const openjd::ParameterValues& values,
                       const std::filesystem::path& template_folder) {
  InputPaths paths;
  for (const openjd::JobParameter& parameter : job.parameters) {
    if (!is_input(parameter)) continue;
    const auto given = values.find(parameter.name);
    Digest named;
    if (given != values.end()) {
      if (!parse_blob_reference(given->second, named)) paths[parameter.name] = given->second;
    } else if (parameter.default_value && !parse_blob_reference(*parameter.default_value, named)) {
      paths[parameter.name] = template_folder / *parameter.default_value;
    }
  }
  return paths;
}

/// The frames that a scene must show: the job, made with names of no blob in place of its inputs, says so.
Result<FrameSpan> wanted_frames(const openjd::JobTemplate& job, const InputPaths& paths,
                                const SubmitOptions& options) {
  openjd::ParameterValues values = options.parameters;
  for (const auto& [name, path] : paths)
    values[name] = blob_reference(Digest{});
  auto draft = first_errors(openjd::instantiate(job, values));
  if (!draft) return draft.error();
  auto span = frame_span(draft->steps);
  if (!span) return span.error();
  return FrameSpan{span->first, span->second, options.frames_per_second};
}

Result<void> add_inputs(const openjd::JobTemplate& job, const InputPaths& paths, const SubmitOptions& options,
                        openjd::ParameterValues& values, BuiltJob& built) {
  std::set<Digest> seen;
  for (const auto& [name, path] : paths) {
    Result<Input> input = Error{};
    if (is_scene_file(path)) {
      auto frames = wanted_frames(job, paths, options);
      if (!frames) return frames.error();
      input = scene_input(path, *frames, built.notes);
    } else {
      input = file_input(path);
    }
    if (!input)
      return Error{input.error().code, "parameter " + name + ": " + input.error().message,
                   input.error().hint};
    values[name] = blob_reference(input->digest);
    if (seen.insert(input->digest).second) built.inputs.push_back(std::move(*input));
  }
  return {};
}

/// What a render step reads must be scenes, as far as they are at hand.
Result<void> check_scenes(const StepSpec& step, const std::vector<Input>& inputs) {
  if (!is_render_command(std::string(kCommandPrefix) + step.need.kernel.name)) return {};
  for (const Input& input : inputs) {
    if (std::find(step.inputs.begin(), step.inputs.end(), input.digest) == step.inputs.end()) continue;
    if (auto sound = check_scene_input(input); !sound) return sound.error();
  }
  return {};
}

/// A template's command as it is written; Param.* stays in it.
bool names_program(const openjd::StepTemplate& step) {
  return !step.on_run.action.command.source().starts_with(kCommandPrefix);
}

void add_input(Input input, BuiltJob& built) {
  const bool known = std::any_of(built.inputs.begin(), built.inputs.end(),
                                 [&](const Input& other) { return other.digest == input.digest; });
  if (!known) built.inputs.push_back(std::move(input));
}

/// The job as its built-in kernels see it: inputs are named by their digests. Nothing where no step runs one.
Result<std::optional<openjd::Job>> kernel_job(const openjd::JobTemplate& parsed,
                                              const std::filesystem::path& template_folder,
                                              const SubmitOptions& options, BuiltJob& built) {
  if (std::all_of(parsed.steps.begin(), parsed.steps.end(), names_program))
    return std::optional<openjd::Job>();
  openjd::ParameterValues values = options.parameters;
  const InputPaths paths = input_paths(parsed, values, template_folder);
  if (auto added = add_inputs(parsed, paths, options, values, built); !added) return added.error();
  auto job = first_errors(openjd::instantiate(parsed, values));
  if (!job) return job.error();
  return std::optional<openjd::Job>(std::move(*job));
}

/// The job as its programs see it: inputs stand in the working directory. Nothing where no step runs one.
Result<std::optional<openjd::Job>> program_job(const openjd::JobTemplate& parsed,
                                               const std::filesystem::path& template_folder,
                                               const SubmitOptions& options, BuiltJob& built) {
  if (std::none_of(parsed.steps.begin(), parsed.steps.end(), names_program)) {
    if (const auto none = add_image(options, false, built); !none) return none.error();
    return std::optional<openjd::Job>();
  }
  std::error_code error;  // where the working folder is gone, paths stay relative
  const std::filesystem::path here = std::filesystem::current_path(error);
  openjd::SubmitFolders folders{(here / template_folder).string(), here.string(), options.path_rules, {}};
  // Before files are looked for: what is wrong with the values is told first.
  if (auto given = first_errors(openjd::instantiate(parsed, options.parameters, folders)); !given)
    return given.error();
  auto files = stage_parameters(parsed, options.parameters, template_folder, options.picked, folders.hosted);
  if (!files) return files.error();
  auto job = first_errors(openjd::instantiate(parsed, options.parameters, folders));
  if (!job) return job.error();
  const auto image = add_image(options, true, built);
  if (!image) return image.error();
  for (openjd::Step& step : job->steps) {
    if (!runs_program(step)) continue;
    step.script.image = *image;
    step.script.inputs = files->staged;
    step.script.outputs = files->outputs;
  }
  for (Input& input : files->blobs)
    add_input(std::move(input), built);
  built.notes.insert(built.notes.end(), files->notes.begin(), files->notes.end());
  return std::optional<openjd::Job>(std::move(*job));
}

/// Takes out what a template's author says of hosts in names of his own: only a farm's operator could say
/// which of them have it, and here there is none.
void drop_custom_requirements(openjd::Step& step, std::vector<std::string>& notes) {
  const auto is_custom = [&](const auto& requirement) {
    const std::string& name = requirement.name;
    if (name.starts_with("reeve:") || name.starts_with("amount.worker.") || name.starts_with("attr.worker."))
      return false;
    notes.push_back("step '" + step.name + "' runs here whether or not this machine has " + name);
    return true;
  };
  std::erase_if(step.requirements.amounts, is_custom);
  std::erase_if(step.requirements.attributes, is_custom);
}

bool has_last_words(const openjd::StepScript& script) {
  return std::any_of(script.environments.begin(), script.environments.end(),
                     [](const openjd::Environment& environment) { return environment.on_exit.has_value(); });
}

}  // namespace

Error broken_rules(const std::string& what, const std::vector<openjd::Diagnostic>& errors) {
  constexpr std::size_t kShown = 5;
  std::string text = what + " breaks " + std::to_string(errors.size()) + " rule(s)";
  for (std::size_t i = 0; i < std::min(kShown, errors.size()); ++i)
    text += "; " + openjd::to_string(errors[i]);
  return {ErrorCode::kInvalid, text, "mend the template or the parameters, then submit again"};
}

Result<std::optional<Digest>> add_image(const SubmitOptions& options, bool runs_programs, BuiltJob& built) {
  if (options.image.empty()) return std::optional<Digest>();
  if (!runs_programs)
    return Error{ErrorCode::kInvalid, "image " + options.image + ": no step runs a program",
                 "leave --image out: built-in kernels are part of the agents"};
  auto input = image_input(options.image);
  if (!input) return input.error();
  const Digest digest = input->digest;
  add_input(std::move(input).value(), built);
  return std::optional(digest);
}

JobSpec empty_spec(const SubmitOptions& options, const std::string& name) {
  JobSpec spec;
  spec.name = options.name.empty() ? name : options.name;
  spec.priority = options.priority;
  spec.verify = options.verify.value_or(VerifyPolicy{});
  spec.max_retries = options.max_retries;
  spec.max_price = options.max_price;
  spec.after = options.after;
  return spec;
}

Result<void> check_compared(const SubmitOptions& options, bool runs_programs) {
  const std::string compare = options.compare.value_or("");
  if (compare.empty()) return {};
  const std::string given = "compare '" + compare + "': ";
  if (!runs_programs)
    return Error{ErrorCode::kInvalid, given + "no step runs a program",
                 "leave --compare out: results of built-in kernels are equal to the bit"};
  if (options.verify && options.verify->mode == VerifyMode::kNone)
    return Error{ErrorCode::kInvalid, given + "with --verify none there is no second result to compare with",
                 "leave one of the two out"};
  return {};
}

StepOptions step_options(const SubmitOptions& options) {
  return {options.time_limit.value_or(kDefaultTimeLimit), options.time_limit.has_value(), options.tags,
          options.compare.value_or(""), whole_mib(options.checkpoint_bytes)};
}

Result<BuiltJob> build_job(std::string_view template_text, const std::filesystem::path& template_folder,
                           const SubmitOptions& options) {
  auto parsed = first_errors(openjd::parse_template(template_text));
  if (parsed && !options.environments.empty())
    parsed = first_errors(openjd::with_environments(std::move(*parsed), options.environments));
  if (!parsed) return parsed.error();
  BuiltJob built;
  auto kernels = kernel_job(*parsed, template_folder, options, built);
  if (!kernels) return kernels.error();
  auto programs = program_job(*parsed, template_folder, options, built);
  if (!programs) return programs.error();
  built.spec = empty_spec(options, (*programs ? **programs : **kernels).name);
  if (*programs && !options.verify) built.spec.verify = kProgramVerify;
  if (auto compared = check_compared(options, programs->has_value()); !compared) return compared.error();
  const std::size_t steps = (*programs ? **programs : **kernels).steps.size();
  for (std::size_t i = 0; i < steps; ++i) {
    const bool is_kernel = !*programs || !runs_program((*programs)->steps[i]);
    openjd::Step& step = (is_kernel ? **kernels : **programs).steps[i];
    if (options.here) {
      drop_custom_requirements(step, built.notes);
      // Whoever is there to see it sees how environments are left, and whether that worked.
      step.script.leaves_with_task = has_last_words(step.script);
    }
    auto spec = build_step(step, step_options(options));
    if (!spec) return spec.error();
    if (auto scenes = check_scenes(*spec, built.inputs); !scenes) return scenes.error();
    built.spec.steps.push_back(std::move(*spec));
  }
  return built;
}

Result<std::optional<std::string>> parse_compare(std::string_view text) {
  const auto comparison = parse_comparison(text);
  if (!comparison)
    return Error{comparison.error().code,
                 "compare '" + std::string(text) + "': " + comparison.error().message,
                 comparison.error().hint};
  return std::optional<std::string>(is_exact(text) ? "" : text);
}

Result<VerifyPolicy> parse_verify(std::string_view text) {
  if (text == "adaptive") return VerifyPolicy{VerifyMode::kAdaptive, 2};
  if (text == "none") return VerifyPolicy{VerifyMode::kNone, 1};
  constexpr std::string_view kQuorum = "quorum:";
  if (text.starts_with(kQuorum)) {
    const auto count = parse_number(text.substr(kQuorum.size()), limits::kQuorum, "quorum");
    if (count && *count >= 2) return VerifyPolicy{VerifyMode::kQuorum, static_cast<std::uint32_t>(*count)};
  }
  return Error{ErrorCode::kInvalid, "verify '" + std::string(text) + "' is not known",
               "say adaptive, none, or quorum:N with N of 2.." + std::to_string(limits::kQuorum)};
}

}  // namespace reeve::client
