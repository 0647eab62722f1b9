#include "agent/worker/comparer.h"

#include <algorithm>

#include "agent/image/places.h"
#include "agent/sandbox/scratch.h"
#include "agent/worker/staging.h"
#include "agent/worker/step_image.h"
#include "openjd/step_script.h"
#include "protocol/bundle_files.h"
#include "protocol/comparison.h"
#include "protocol/limits.h"

namespace reeve::agent::worker {
namespace {

namespace fs = std::filesystem;

/// Two decoded pictures of the largest size, the files that they come from, and a block of each.
constexpr std::uint64_t kMemoryBytes = 4ULL << 30;
/// What a comparator says is one line; a program of the requester's may chat.
constexpr std::uint64_t kOutputBytes = 256U << 10;
/// reeve-compare writes nothing; a program of the requester's may unpack what it looks at.
constexpr std::uint64_t kDiskBytes = 1ULL << 30;
constexpr std::uint32_t kFiles = 4096;
constexpr std::uint32_t kProcesses = 64;
constexpr std::uint32_t kOpenFiles = 256;
/// Where the comparator and the results stand in the sandbox.
constexpr const char* kProgram = "/compare/reeve-compare";
constexpr const char* kA = "/compare/a";
constexpr const char* kB = "/compare/b";
static_assert(image::is_place(kA) && image::is_place(kB));

sandbox::Bounds bounds_of(const RunComparison& work) {
  sandbox::Bounds bounds;
  bounds.memory_bytes = kMemoryBytes;
  bounds.processes = kProcesses;
  bounds.open_files = kOpenFiles;
  bounds.disk_bytes = kDiskBytes;
  bounds.files = kFiles;
  bounds.output_bytes = kOutputBytes;
  bounds.time = work.time;
  return bounds;
}

/// A folder for one comparison, gone with it.
class Room {
 public:
  explicit Room(const std::string& scratch) : folder_(fs::path(scratch) / "comparison") {}
  ~Room() {
    // What cannot be removed now is removed when the next worker of the slot starts.
    (void)sandbox::remove_tree(folder_).ok();
  }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

  Result<void> make() const {
    if (auto made = sandbox::fresh_folder(folder_); !made) return made;
    return sandbox::fresh_folder(work());
  }
  fs::path work() const { return folder_ / "work"; }
  fs::path inputs() const { return folder_ / "inputs"; }
  fs::path result(const char* which) const { return folder_ / which; }

 private:
  fs::path folder_;
};

sandbox::Command plain_command(const Room& room) {
  sandbox::Command command;
  command.work = room.work();
  command.keep_output = true;
  command.environment = {
      {"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"HOME", "/tmp"}, {"TMPDIR", "/tmp"}, {"LANG", "C.UTF-8"}};
  return command;
}

/// Errors: kNotFound where this agent came without reeve-compare.
Result<sandbox::Command> own_comparator(const RunComparison& work, const Room& room) {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path() / "reeve-compare";
  if (error || !fs::exists(program, error))
    return Error{ErrorCode::kNotFound, "no program " + program.string(),
                 "install reeve-compare beside reeve-agent"};
  sandbox::Command command = plain_command(room);
  command.program = kProgram;
  command.args = {kA, kB, work.compare};
  command.mounts = {{program, kProgram}, {work.a, kA}, {work.b, kB}};
  return command;
}

/// What a step brings along, as long as its comparator runs.
struct Brought {
  StagedInputs inputs;
  std::optional<image::Image> image;
};

/// The comparator runs in the image of its step.
Result<void> enter_image(const openjd::StepScript& script, const RunComparison& work, WorkerContext& context,
                         Brought& brought, sandbox::Command& command) {
  if (!script.image) return {};
  // What it takes to unpack is none of the comparator's time.
  if (context.progress)
    context.progress->patience_ms.store(static_cast<std::uint64_t>(image::kUnpackTime.ns / 1'000'000),
                                        std::memory_order_release);
  auto opened = open_image(*script.image, *work.step, context);
  if (!opened) return opened.error();
  brought.image = std::move(opened).value();
  command.root = brought.image->root;
  Session::Variables variables(command.environment.begin(), command.environment.end());
  variables = over_image(*brought.image, std::move(variables));
  command.environment.assign(variables.begin(), variables.end());
  return {};
}

/// The requester's: run by the shell in a folder with the step's inputs, and given two folders.
Result<sandbox::Command> requesters_comparator(const RunComparison& work, const std::string& line,
                                               const Room& room, WorkerContext& context, Brought& brought) {
  const auto script = openjd::decode_step(work.step->script);
  if (!script) return script.error();
  StagedInputs& inputs = brought.inputs;
  if (auto staged = inputs.prepare(script->inputs, work.step->inputs); !staged) return staged.error();
  if (auto placed = inputs.place(room.work()); !placed) return placed.error();
  sandbox::Command command = plain_command(room);
  if (auto entered = enter_image(*script, work, context, brought, command); !entered) return entered.error();
  command.program = "/bin/sh";
  command.args = {"-c", line + " \"$@\"", "compare", kA, kB};
  command.mounts = inputs.mounts();
  for (const auto& [blob, name, target] : {std::tuple{&work.a, "a", kA}, std::tuple{&work.b, "b", kB}}) {
    if (auto unpacked = unpack_bundle(*blob, room.result(name)); !unpacked) return unpacked.error();
    command.mounts.push_back({room.result(name), target});
  }
  return command;
}

/// The first line that is not empty, printable.
std::string first_line(const Bytes& output) {
  std::string line;
  for (const std::uint8_t c : output) {
    if (c == '\n' && !line.empty()) break;
    if (line.size() == limits::kTextBytes) break;
    if (c != '\n') line += c >= 0x20 && c < 0x7f ? static_cast<char>(c) : '?';
  }
  return line;
}

/// What a comparator's end means.
Compared judge(const sandbox::Outcome& outcome) {
  using Verdict = msg::ComparisonVerdict;
  const std::string line = first_line(outcome.output);
  if (outcome.exceeded != sandbox::Bound::kNone)
    return {0, Verdict::kUndecidable, "the comparator was ended: " + outcome.how};
  switch (outcome.exit_status) {
    case 0: return {0, Verdict::kSame, line};
    case 1: return {0, Verdict::kDiffer, line};
    case 2: return {0, Verdict::kUndecidable, line.empty() ? "the comparator cannot say" : line};
    default: break;
  }
  const std::string end =
      outcome.how.empty() ? "exit status " + std::to_string(outcome.exit_status) : outcome.how;
  return {0, Verdict::kUndecidable, "the comparator ended with " + end + (line.empty() ? "" : ": " + line)};
}

Result<sandbox::Outcome> run(const RunComparison& work, WorkerContext& context) {
  if (context.share.scratch.empty())
    return Error{ErrorCode::kNotAllowed, "this worker has no folder for comparisons", "update the agent"};
  if (!context.sandbox) {
    auto opened = sandbox::Sandbox::open(sandbox::slot_name(context.share.scratch));
    if (!opened) return opened.error();
    context.sandbox = std::move(opened).value();
  }
  const Room room(context.share.scratch);
  if (auto made = room.make(); !made) return made.error();
  const auto how = parse_comparison(work.compare);
  if (!how) return how.error();
  Brought brought{StagedInputs(room.inputs()), std::nullopt};
  auto command = how->comparator == Comparator::kCommand && work.step
                     ? requesters_comparator(work, how->command, room, context, brought)
                     : own_comparator(work, room);
  if (!command) return command.error();
  return context.sandbox->run(*command, bounds_of(work));
}

}  // namespace

Compared compare_in_sandbox(const RunComparison& work, WorkerContext& context) {
  const auto outcome = run(work, context);
  Compared compared;
  if (outcome)
    compared = judge(*outcome);
  else
    compared.why =
        outcome.error().message + (outcome.error().hint.empty() ? "" : "; " + outcome.error().hint);
  compared.batch = work.batch;
  return compared;
}

}  // namespace reeve::agent::worker
