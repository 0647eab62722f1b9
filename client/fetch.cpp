#include "client/fetch.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>
#include <system_error>

#include "client/json_fields.h"
#include "client/program_inputs.h"
#include "openjd/task.h"
#include "protocol/base64.h"
#include "protocol/bundle.h"
#include "protocol/bytes.h"
#include "protocol/digest.h"

namespace reeve::client {
namespace {

Error cannot_write(const std::filesystem::path& path, int code = errno) {
  const std::string why = code == 0 ? "" : ": " + std::generic_category().message(code);
  return {
      ErrorCode::kIo, "cannot write " + path.string() + why,
      "choose another folder with -o, or mend its permissions or its disk; `reeve job fetch` fetches later"};
}

Error bad_page() {
  return {ErrorCode::kCorrupt, "the region sent results that do not fit their own counts",
          "try again; if it stays, report it"};
}

/// A name that is safe as part of a file's.
std::string file_name(const std::string& name) {
  std::string safe;
  for (const char c : name)
    safe += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.' ? c : '_';
  return safe.empty() || safe.front() == '.' ? "_" + safe : safe;
}

}  // namespace

/// A step whose results are being fetched. Bits of `have` are the tasks that are on disk.
struct Fetcher::StepState {
  StepIndex index = 0;
  std::string name;
  openjd::StepScript script;
  std::vector<bool> have;
  TaskIndex first_missing = 0;
  std::ofstream lines;  // of inline results, opened at the first
  std::optional<FrameAssembler> frames;
  bool is_program = false;  // results are bundles
};

Fetcher::Fetcher(JobId job, std::filesystem::path folder, FetchOptions options, ResultSource source)
    : job_(job), folder_(std::move(folder)), options_(options), source_(std::move(source)) {}
Fetcher::~Fetcher() = default;

Result<void> make_output_folder(const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) return cannot_write(folder, failed.value());
  if (access(folder.c_str(), W_OK | X_OK) != 0) return cannot_write(folder);
  return {};
}

Result<void> Fetcher::learn_steps(const Json& job) {
  if (auto made = make_output_folder(folder_); !made) return made;
  std::size_t rendering = 0;
  for (const Json& row : list_of(job, "steps")) {
    auto state = std::make_unique<StepState>();
    state->index = static_cast<StepIndex>(number_of(row, "index"));
    state->name = text_of(row, "name");
    auto script = openjd::decode_step(from_base64(text_of(row, "script")).value_or(Bytes()));
    if (!script)
      return Error{script.error().code, "step '" + state->name + "': " + script.error().message,
                   script.error().hint};
    state->script = std::move(*script);
    // Of a step that iterates the tasks are counted by the region alone.
    state->have.resize(std::max<std::uint64_t>(state->script.space.size(), number_of(row, "tasks")));
    const std::string command = state->script.on_run.command.source();  // a kernel's is a constant
    state->is_program = !command.starts_with(kCommandPrefix);
    if (is_render_command(command)) {
      const std::string prefix = rendering++ == 0 ? "frame" : file_name(state->name);
      state->frames.emplace(FrameAssembler::Options{folder_, prefix, options_.exposure_stops, options_.exr});
    }
    steps_.push_back(std::move(state));
  }
  return {};
}

Result<void> Fetcher::fetch_new() {
  for (const auto& step : steps_) {
    if (auto fetched = fetch_step(*step); !fetched) return fetched.error();
  }
  return {};
}

Result<void> Fetcher::fetch_step(StepState& step) {
  TaskIndex next = step.first_missing;
  while (next < step.have.size()) {
    auto page = source_.page({job_, step.index}, next);
    if (!page) return page.error();
    for (const msg::ResultRow& row : page->rows) {
      if (auto taken = take_row(step, row); !taken) return taken.error();
    }
    if (!page->more || page->next <= next) break;
    next = page->next;
  }
  while (step.first_missing < step.have.size() && step.have[step.first_missing])
    ++step.first_missing;
  if (step.lines.is_open() && !step.lines.flush()) return cannot_write(folder_);
  return {};
}

Result<void> Fetcher::take_row(StepState& step, const msg::ResultRow& row) {
  const bool is_inline = row.blobs.empty();
  const std::size_t count = is_inline ? row.sizes.size() : row.blobs.size();
  if (count != row.tasks.count || row.tasks.end() > step.have.size() || row.tasks.end() < row.tasks.first)
    return bad_page();
  if (!is_inline && row.blob_sizes.size() != count) return bad_page();
  std::size_t offset = 0;
  for (std::uint32_t i = 0; i < row.tasks.count; ++i) {
    const TaskIndex task = row.tasks.first + i;
    const std::size_t size = is_inline ? row.sizes[i] : 0;
    if (size > row.payload.size() - offset) return bad_page();
    const ByteView here = ByteView(row.payload).subspan(offset, size);
    offset += size;
    if (step.have[task]) continue;
    Bytes blob;
    if (!is_inline) {
      auto got = source_.blob(row.blobs[i], row.blob_sizes[i]);
      if (!got) return got.error();
      blob = std::move(*got);
    }
    auto taken = take_result(step, task, is_inline ? here : ByteView(blob), is_inline);
    if (!taken) return taken.error();
    step.have[task] = true;
  }
  return {};
}

/// Files of a step's only task stand in the folder itself, and so do those of output parameters, whose tasks
/// name them apart; other tasks have a folder each.
Result<void> Fetcher::unpack(const StepState& step, TaskIndex task, ByteView bundle) {
  const auto head = bundle_head_bytes(bundle);
  if (!head || *head > bundle.size()) return bad_page();
  const auto index = decode_bundle_index(bundle.first(*head), bundle.size());
  if (!index) return index.error();
  std::uint64_t offset = index->data_begin;
  for (const BundleFile& file : index->files) {
    const std::string name = output_name(file.path);
    const bool shared = step.have.size() == 1 || name != file.path;
    const std::filesystem::path path = (shared ? folder_ : folder_ / task_folder(step, task)) / name;
    std::error_code failed;
    std::filesystem::create_directories(path.parent_path(), failed);
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out.write(reinterpret_cast<const char*>(bundle.data() + offset),
              static_cast<std::streamsize>(file.size_bytes));
    out.flush();
    if (!out) return cannot_write(path);
    if (file.executable)
      std::filesystem::permissions(path, std::filesystem::perms::owner_exec,
                                   std::filesystem::perm_options::add);
    offset += file.size_bytes;
    out.close();
    const auto joined = crops_.add(path);
    if (!joined) return joined.error();
    if (*joined) ++summary_.frames;
  }
  return {};
}

/// "task_7": by the value of the step's only number, as arrays have it, otherwise by position.
std::string Fetcher::task_folder(const StepState& step, TaskIndex task) {
  const openjd::ParameterSpace& space = step.script.space;
  const bool numbered = space.parameter_count() == 1 && space.type(0) == openjd::ParameterType::kInt;
  return "task_" + (numbered ? space.at(task).front() : std::to_string(task));
}

Result<void> Fetcher::take_result(StepState& step, TaskIndex task, ByteView result, bool is_inline) {
  if (step.frames) {
    const auto resolved = openjd::resolve_task(step.script, task);
    auto place = render_task(resolved.line.command, resolved.line.args);
    if (!place) return place.error();
    auto complete = step.frames->add(*place, result);
    if (!complete) return complete.error();
    if (*complete) ++summary_.frames;
  } else if (step.is_program) {
    if (auto unpacked = unpack(step, task, result); !unpacked) return unpacked;
  } else if (is_inline) {
    const std::filesystem::path path = folder_ / (file_name(step.name) + ".ndjson");
    if (!step.lines.is_open()) step.lines.open(path, std::ios::trunc);
    step.lines << Json{{"task", task},
                       {"parameters", openjd::describe_task(step.script.space, task)},
                       {"result", to_hex(result)}}
                      .dump()
               << '\n';
    if (!step.lines) return cannot_write(path);
  } else {
    const std::filesystem::path path =
        folder_ / (file_name(step.name) + "_task_" + std::to_string(task) + ".bin");
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out.write(reinterpret_cast<const char*>(result.data()), static_cast<std::streamsize>(result.size()));
    out.flush();
    if (!out) return cannot_write(path);
  }
  ++summary_.tasks;
  summary_.bytes += result.size();
  return {};
}

}  // namespace reeve::client
