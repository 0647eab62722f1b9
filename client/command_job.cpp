#include "client/command_job.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "client/program_inputs.h"
#include "client/quantities.h"
#include "client/step_builder.h"
#include "openjd/task.h"
#include "protocol/bundle.h"
#include "protocol/digest.h"
#include "protocol/limits.h"

namespace reeve::client {
namespace {

constexpr const char* kItems = ".reeve/items";  // below the working directory, an item a line
constexpr std::size_t kItemsBytes = 64U << 20;

Error refused(std::string message, std::string hint) {
  return {ErrorCode::kInvalid, std::move(message), std::move(hint)};
}

/// "{{Task.Param.Index}}" behind `before`, bound to the step's only parameter.
openjd::FormatString index_behind(const std::string& before) {
  openjd::FormatString text = *openjd::FormatString::parse(before + "{{Task.Param.Index}}");
  text.for_each_reference([](openjd::Reference& reference) { reference.slot = 0; });
  return text;
}

Result<std::string> read_items_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kNotFound, "cannot read " + path, "check the path"};
  std::ostringstream text;
  text << file.rdbuf();
  if (text.str().size() > kItemsBytes)
    return Error{ErrorCode::kExhausted, path + " has more than 64 MiB", "make several jobs of it"};
  return text.str();
}

Result<std::vector<std::string>> lines_of(const std::string& path) {
  auto text = read_items_file(path);
  if (!text) return text.error();
  std::vector<std::string> lines;
  std::istringstream in(*text);
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

Result<std::vector<std::string>> json_values_of(const std::string& path) {
  auto text = read_items_file(path);
  if (!text) return text.error();
  const auto values = nlohmann::json::parse(*text, nullptr, false);
  if (!values.is_array())
    return refused("--from-json " + path + " is no JSON array", "write [1, {\"a\": 2}, …]");
  std::vector<std::string> items;
  for (const auto& value : values)
    items.push_back(value.is_string() && value.get<std::string>().find('\n') == std::string::npos
                        ? value.get<std::string>()
                        : value.dump());
  return items;
}

/// The numbers of the job's tasks; empty where it has one.
struct Tasks {
  std::string range;
  std::vector<std::string> items;
  std::uint32_t most_at_once = 0;
};

/// `RANGE` or `RANGE%N`.
Result<Tasks> array_of(const std::string& array) {
  const std::size_t percent = array.find('%');
  Tasks tasks{array.substr(0, percent), {}, 0};
  if (percent == std::string::npos) return tasks;
  const char* const end = array.data() + array.size();
  const auto read = std::from_chars(array.data() + percent + 1, end, tasks.most_at_once);
  if (read.ec != std::errc{} || read.ptr != end || tasks.most_at_once == 0)
    return refused("--array '" + array + "': '" + array.substr(percent + 1) + "' is no number of tasks",
                   "write 1-100%20 for at most 20 at once");
  return tasks;
}

Result<Tasks> tasks_of(const CommandRequest& request) {
  const int given = static_cast<int>(!request.array.empty()) + static_cast<int>(!request.each_line.empty()) +
                    static_cast<int>(!request.from_json.empty());
  if (given > 1)
    return refused("--array, --each-line and --from-json exclude one another", "give one of them");
  if (given == 0 || !request.array.empty()) return array_of(request.array);
  auto items = request.each_line.empty() ? json_values_of(request.from_json) : lines_of(request.each_line);
  if (!items) return items.error();
  if (items->empty())
    return refused((request.each_line.empty() ? request.from_json : request.each_line) + " has no items",
                   "give it a line or value for each task");
  return Tasks{"0-" + std::to_string(items->size() - 1), std::move(*items), 0};
}

/// An input of bytes that were made here.
Input input_of(std::string text, std::string label) {
  Bytes bytes(text.begin(), text.end());
  return {sha256(bytes), bytes.size(), std::move(bytes), std::move(label), nullptr};
}

Result<void> add_inputs(const CommandRequest& request, const Tasks& tasks, ProgramFiles& files) {
  for (const std::string& input : request.inputs) {
    // PATH:TARGET; a colon within a path that exists is part of it.
    const std::size_t colon = std::filesystem::exists(input) ? std::string::npos : input.rfind(':');
    const std::filesystem::path source = input.substr(0, colon);
    const std::string target = colon == std::string::npos
                                   ? std::filesystem::absolute(source).lexically_normal().filename().string()
                                   : input.substr(colon + 1);
    if (const std::string why = unfit_path(target); !why.empty())
      return refused("--input " + input + ": " + why, "say where it shall stand: PATH:TARGET");
    if (auto staged = stage(source, target, files); !staged) return staged.error();
  }
  if (tasks.items.empty()) return {};
  std::string text;
  for (const std::string& item : tasks.items)
    text += item + "\n";
  files.blobs.push_back(input_of(std::move(text), "items"));
  files.staged.push_back({kItems, files.blobs.back().digest, false, false});
  return {};
}

Result<void> add_outputs(const CommandRequest& request, ProgramFiles& files) {
  for (std::string pattern : request.outputs) {
    const bool optional = pattern.ends_with('?') && pattern.size() > 1;
    if (optional) pattern.pop_back();
    if (const std::string why = unfit_path(pattern); !why.empty())
      return refused("--output-file " + pattern + ": " + why,
                     "patterns are relative to the working directory");
    files.outputs.push_back({openjd::FormatString::literal(pattern), !optional});
  }
  return {};
}

struct Gang {
  std::uint32_t least = 0;  // 0: none
  std::uint32_t most = 0;
};

Result<Gang> gang_of(const CommandRequest& request) {
  if (request.gang.empty()) {
    if (request.mpi)
      return refused("--mpi without --gang", "say on how many slots it runs: --gang 4 or --gang 2:8");
    return Gang{};
  }
  const std::size_t colon = request.gang.find(':');
  Gang gang;
  const auto number = [](std::string_view text, std::uint32_t& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
  };
  const std::string_view text = request.gang;
  const bool good = number(text.substr(0, colon), gang.least) &&
                    number(colon == std::string::npos ? text : text.substr(colon + 1), gang.most);
  if (!good || gang.least == 0 || gang.most < gang.least || gang.most > limits::kGangMembers)
    return refused("--gang '" + request.gang + "' is no number of slots",
                   "write N or MIN:MAX, from 1 to " + std::to_string(limits::kGangMembers));
  return gang;
}

Result<void> check_environment(const CommandRequest& request) {
  for (const std::string& variable : request.environment)
    if (variable.find('=') == std::string::npos || variable.front() == '=')
      return refused("--env '" + variable + "' is not NAME=VALUE", "write --env THREADS=4");
  return {};
}

/// The command, behind mpirun where it is asked for, and behind a shell that finds a task's item.
std::vector<openjd::FormatString> words_of(const CommandRequest& request, const Tasks& tasks) {
  std::vector<openjd::FormatString> words;
  const auto add = [&words](const std::string& word) {
    words.push_back(openjd::FormatString::literal(word));
  };
  if (!tasks.items.empty()) {
    for (
        const char* word :
        {"/bin/sh", "-c",
         R"(REEVE_ITEM=$(sed -n "$((REEVE_ARRAY_TASK_ID + 1)){p;q}" .reeve/items); export REEVE_ITEM; exec "$@")",
         "reeve"})
      add(word);
  }
  if (request.mpi) {
    add(std::string(openjd::kGangLauncher));
    add("--mpi");
  }
  for (const std::string& word : request.words)
    add(word);
  return words;
}

/// `/usr/bin/env NAME=VALUE … COMMAND`.
openjd::Action action_on_host(const CommandRequest& request, const Tasks& tasks) {
  openjd::Action action;
  action.command = openjd::FormatString::literal("/usr/bin/env");
  for (const std::string& variable : request.environment)
    action.args.push_back(openjd::FormatString::literal(variable));
  if (!tasks.range.empty()) action.args.push_back(index_behind("REEVE_ARRAY_TASK_ID="));
  for (openjd::FormatString& word : words_of(request, tasks))
    action.args.push_back(std::move(word));
  return action;
}

/// The command as it stands: an image need not have an env. Its variables are an environment's; the agent
/// sets REEVE_ARRAY_TASK_ID itself.
void run_in_image(const CommandRequest& request, const Tasks& tasks, openjd::StepScript& script) {
  std::vector<openjd::FormatString> words = words_of(request, tasks);
  script.on_run.command = std::move(words.front());
  words.erase(words.begin());
  script.on_run.args = std::move(words);
  if (request.environment.empty()) return;
  openjd::Environment& environment = script.environments.emplace_back();
  environment.name = "env";
  for (const std::string& variable : request.environment) {
    const std::size_t equals = variable.find('=');
    environment.variables.push_back(
        {variable.substr(0, equals), openjd::FormatString::literal(variable.substr(equals + 1))});
  }
}

Result<openjd::ParameterSpace> space_of(const Tasks& tasks) {
  if (tasks.range.empty()) return openjd::ParameterSpace{};
  auto range = openjd::RangeExpr::parse(tasks.range);
  if (!range)
    return refused("--array '" + tasks.range + "': " + range.error().message,
                   "write 1-100, 1-100:5 or 3,7,9");
  return openjd::ParameterSpace::make({{"Index", openjd::ParameterType::kInt, std::move(*range)}},
                                      openjd::Combination::product_of_all(1));
}

openjd::HostRequirements requirements_of(const CommandRequest& request) {
  openjd::HostRequirements requirements;
  const auto ask = [&requirements](const char* name, double least) {
    if (least > 0) requirements.amounts.push_back({name, least, std::nullopt});
  };
  ask("amount.worker.vcpu", request.cpus);
  ask("amount.worker.memory", whole_mib(request.memory_bytes));
  ask("amount.worker.gpu", request.gpus);
  ask("reeve:amount.gpu.vram", whole_mib(request.vram_bytes));
  return requirements;
}

Result<void> set_most_memory(const CommandRequest& request, StepSpec& spec) {
  if (request.most_memory_bytes == 0) return {};
  if (request.memory_bytes == 0)
    return refused("--mem-max without --mem", "say with how much a task begins: --mem 1G --mem-max 8G");
  if (request.most_memory_bytes < request.memory_bytes)
    return refused("--mem-max " + std::to_string(whole_mib(request.most_memory_bytes)) +
                       "M is less than --mem " + std::to_string(whole_mib(request.memory_bytes)) + "M",
                   "give at most more than at first");
  spec.most_memory_mib = whole_mib(request.most_memory_bytes);
  return {};
}

}  // namespace

Result<BuiltJob> build_command_job(const CommandRequest& request, const SubmitOptions& options) {
  if (request.words.empty())
    return refused("no command was given", "write it behind --: reeve submit -- hostname");
  const auto tasks = tasks_of(request);
  if (!tasks) return tasks.error();
  const auto gang = gang_of(request);
  if (!gang) return gang.error();
  ProgramFiles files;
  if (auto added = add_inputs(request, *tasks, files); !added) return added.error();
  if (auto added = add_outputs(request, files); !added) return added.error();
  if (auto good = check_environment(request); !good) return good.error();
  auto space = space_of(*tasks);
  if (!space) return space.error();
  openjd::Step step;
  step.name = "run";
  step.requirements = requirements_of(request);
  step.script.space = std::move(*space);
  BuiltJob job;
  const auto image = add_image(options, true, job);
  if (!image) return image.error();
  step.script.image = *image;
  if (*image)
    run_in_image(request, *tasks, step.script);
  else
    step.script.on_run = action_on_host(request, *tasks);
  step.script.inputs = files.staged;
  step.script.outputs = files.outputs;
  if (auto compared = check_compared(options, true); !compared) return compared.error();
  auto spec = build_step(step, step_options(options));
  if (!spec) return spec.error();
  spec->gang_min = gang->least;
  spec->gang_max = gang->most;
  spec->most_at_once = tasks->most_at_once;
  if (auto set = set_most_memory(request, *spec); !set) return set.error();
  job.spec = empty_spec(options, std::filesystem::path(request.words.front()).filename().string());
  job.spec.verify = options.verify.value_or(gang->least > 0 ? kGangVerify : kProgramVerify);
  job.spec.steps.push_back(std::move(*spec));
  for (Input& input : files.blobs)
    job.inputs.push_back(std::move(input));
  job.notes = std::move(files.notes);
  if (gang->least > 0)
    job.notes.push_back(
        "a task costs what " + std::to_string(gang->least) + " slots cost" +
        (options.verify ? ", each time it is run"
                        : "; nothing checks its result, unless --verify quorum:2 asks for a second run"));
  return job;
}

}  // namespace reeve::client
