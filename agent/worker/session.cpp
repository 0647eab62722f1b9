#include "agent/worker/session.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <fstream>

#include "agent/image/places.h"
#include "agent/sandbox/scratch.h"
#include "agent/worker/checkpoint_watch.h"
#include "agent/worker/glob.h"
#include "protocol/bundle_files.h"
#include "protocol/limits.h"

namespace reeve::agent::worker {
namespace {

/// Embedded files, as programs see them: mounted into the working directory, where 2023-09, 6 wants them, so
/// that a program cannot write to them and none is taken for a result.
constexpr const char* kFilesName = ".files";
constexpr const char* kFilesFolder = "/session/.files";
static_assert(openjd::kSessionFolder == sandbox::kWorkFolder, "paths of inputs were settled at submission");
static_assert(std::string_view(kFilesFolder).starts_with(sandbox::kWorkFolder));
static_assert(image::is_place(sandbox::kWorkFolder));
constexpr const char* kRulesFile = "path_mapping.json";
/// Source: 2023-09, 5.3: notifyPeriodInSeconds where a template does not say.
constexpr std::uint32_t kTaskNoticeS = 120;
constexpr std::uint32_t kEnvironmentNoticeS = 30;
/// Leaving an environment has no end of its own where the template gives none; here it has, and so it has
/// where the template gives hours.
constexpr std::uint32_t kUsualLeavingS = 60;
constexpr std::uint32_t kMostLeavingS = 600;
/// To notice that it was cancelled, to kill, and to clear away.
constexpr Duration kClearing = seconds(1);
/// However little time is left, leaving is tried.
constexpr Duration kLeastLeaving = milliseconds(500);
/// Of a log, what an error tells; the rest of limits::kTextBytes is for the cause.
constexpr std::size_t kLastWordsBytes = 640;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Failure refused(const Error& error) {
  const bool missing = error.code == ErrorCode::kNotFound;
  return {missing ? msg::FailureReason::kInputMissing : msg::FailureReason::kRefused, error.message};
}

std::string last_words(const std::string& log) {
  std::string words = log.size() <= kLastWordsBytes ? log : "..." + log.substr(log.size() - kLastWordsBytes);
  while (!words.empty() && (words.back() == '\n' || words.back() == ' '))
    words.pop_back();
  std::replace(words.begin(), words.end(), '\t', ' ');
  for (std::size_t at = words.find('\n'); at != std::string::npos; at = words.find('\n', at))
    words.replace(at, 1, " | ");
  return words;
}

msg::FailureReason reason_of(sandbox::Bound bound) {
  switch (bound) {
    case sandbox::Bound::kNone: return msg::FailureReason::kProgramFailed;
    case sandbox::Bound::kCancelled: return msg::FailureReason::kAgentLeaving;
    case sandbox::Bound::kMemory: return msg::FailureReason::kOutOfMemory;
    case sandbox::Bound::kTime: return msg::FailureReason::kTimeLimit;
    case sandbox::Bound::kProcesses:
    case sandbox::Bound::kDisk:
    case sandbox::Bound::kFiles:
    case sandbox::Bound::kOutput: return msg::FailureReason::kOverLimit;
  }
  return msg::FailureReason::kProgramFailed;
}

Duration notice_of(const openjd::Action& action, std::uint32_t usual_s) {
  if (!action.cancelation.notify_then_terminate) return {};
  const std::uint32_t said_s = action.cancelation.notify_period_s;
  return seconds(said_s > 0 ? said_s : usual_s);
}

Duration leaving_time(const openjd::Action& action) {
  return seconds(std::min(action.timeout_s.value_or(kUsualLeavingS), kMostLeavingS));
}

std::string name_of(const openjd::EmbeddedFile& file) {
  return file.filename.empty() ? file.name : file.filename;
}

}  // namespace

Session::Session(Setup setup) : setup_(std::move(setup)), directives_(setup_.script.redacted_variables) {}

Session::~Session() {
  cell_.reset();
  // What cannot be removed now is removed when the next worker of the slot starts.
  (void)sandbox::remove_tree(setup_.folder).ok();
}

std::optional<Failure> Session::enter() {
  std::error_code error;
  if (const auto made = sandbox::fresh_folder(setup_.folder); !made) return refused(made.error());
  std::filesystem::create_directory(work(), error);
  std::filesystem::create_directory(setup_.folder / "files", error);
  const auto& rules = setup_.script.path_rules;
  std::ofstream(setup_.folder / "files" / kRulesFile)
      << (rules.empty() ? "{}\n" : openjd::encode_path_mapping(rules));
  if (const auto placed = setup_.inputs.place(work()); !placed) return refused(placed.error());
  if (const auto made = make_folders(); !made) return refused(made.error());
  if (const auto placed = place_checkpoint(); !placed) return refused(placed.error());
  if (auto failure = ready_cell(false)) return failure;  // what it mounts shows in the working directory
  for (std::size_t i = 0; i < setup_.script.environments.size(); ++i) {
    if (auto failure = enter(setup_.script.environments[i], i)) return failure;
  }
  if (const auto known = baseline_.remember(work()); !known) return refused(known.error());
  remembered_ = true;
  return std::nullopt;
}

void Session::begin_task(Duration limit) {
  task_end_ns_ = limit.ns > 0 ? now_ns() + limit.ns : 0;
}

bool Session::renew() {
  return cell_ && cell_->usable() && baseline_.restore();
}

/// Those that outputs are expected in: a program that is told to write /session/outputs/Frames/a.png finds
/// the folder there.
Result<void> Session::make_folders() const {
  for (const openjd::OutputPattern& output : setup_.script.outputs) {
    if (!output.pattern.is_constant()) continue;
    const std::string pattern = tidy_pattern(output.pattern.literals(), sandbox::kWorkFolder);
    const std::size_t end = pattern.rfind('/', pattern.find_first_of("*?"));
    if (end == std::string::npos || !unfit_path(pattern.substr(0, end)).empty()) continue;
    std::error_code error;
    std::filesystem::create_directories(work() / pattern.substr(0, end), error);
    if (error)
      return Error{ErrorCode::kIo,
                   "cannot make the folder of the output '" + pattern + "': " + error.message(), ""};
  }
  return {};
}

Result<void> Session::place_checkpoint() const {
  if (!setup_.keeps_checkpoints) return {};
  std::error_code error;
  std::filesystem::create_directory(work() / kCheckpointFolder, error);
  if (error) return Error{ErrorCode::kIo, "cannot make the folder of checkpoints: " + error.message(), ""};
  if (setup_.checkpoint.empty()) return {};
  const auto unpacked = unpack_bundle(setup_.checkpoint, work() / kCheckpointFolder);
  if (!unpacked) return unpacked.error();
  return {};
}

std::optional<Failure> Session::enter(const openjd::Environment& environment, std::size_t index) {
  const std::string folder = "env" + std::to_string(index);
  const openjd::HostValues host = host_values(environment.files, folder);
  const openjd::HostSymbols symbols(host, nullptr);
  Variables variables;
  for (const openjd::Variable& variable : environment.variables)
    variables[variable.name] = variable.value.resolve(symbols);
  directives_.variables().enter(std::move(variables));
  entered_ = index + 1;
  if (!environment.on_enter) return std::nullopt;
  if (const auto written = write_files(environment.files, folder, symbols); !written)
    return refused(written.error());
  return act(*environment.on_enter, symbols,
             {"entering the environment '" + environment.name + "'", kEnvironmentNoticeS, true, false},
             nullptr);
}

std::optional<Failure> Session::leave() {
  std::optional<Failure> first;
  while (entered_ > 0) {
    auto failure = leave(setup_.script.environments[entered_ - 1], entered_ - 1);
    if (!first) first = std::move(failure);
    directives_.variables().leave();
    --entered_;
  }
  return first;
}

std::optional<Failure> Session::leave(const openjd::Environment& environment, std::size_t index) {
  if (!environment.on_exit) return std::nullopt;
  const std::string folder = "env" + std::to_string(index);
  const openjd::HostValues host = host_values(environment.files, folder);
  const openjd::HostSymbols symbols(host, nullptr);
  if (const auto written = write_files(environment.files, folder, symbols); !written)
    return refused(written.error());
  return act(*environment.on_exit, symbols,
             {"leaving the environment '" + environment.name + "'", kEnvironmentNoticeS, false, true},
             nullptr);
}

std::optional<Failure> Session::run_task(const openjd::TaskValues& values, Variables variables,
                                         Bytes* output) {
  const openjd::HostValues host = host_values(setup_.script.files, "task");
  const openjd::TaskValues mapped = openjd::mapped_values(setup_.script, values);
  const openjd::HostSymbols symbols(host, &values, &mapped);
  if (const auto written = write_files(setup_.script.files, "task", symbols); !written)
    return refused(written.error());
  task_variables_ = std::move(variables);
  auto failure = act(setup_.script.on_run, symbols, {"the program", kTaskNoticeS, false, false}, output);
  task_variables_.clear();
  return failure;
}

openjd::HostValues Session::host_values(const std::vector<openjd::EmbeddedFile>& files,
                                        const std::string& folder) const {
  openjd::HostValues host;
  host.working_directory = sandbox::kWorkFolder;
  host.path_rules = setup_.script.path_rules;
  host.path_mapping_rules_file = std::string(kFilesFolder) + "/" + kRulesFile;
  for (const openjd::EmbeddedFile& file : files)
    host.file_paths.push_back(std::string(kFilesFolder) + "/" + folder + "/" + name_of(file));
  return host;
}

/// The folder is out of programs' reach but for reading, so that a plain write goes where it should.
Result<void> Session::write_files(const std::vector<openjd::EmbeddedFile>& files, const std::string& folder,
                                  const openjd::Symbols& symbols) const {
  if (files.empty()) return {};
  const std::filesystem::path at = setup_.folder / "files" / folder;
  if (const auto made = sandbox::fresh_folder(at); !made) return made;
  for (const openjd::EmbeddedFile& file : files) {
    const std::filesystem::path path = at / name_of(file);
    std::ofstream out(path, std::ios::binary);
    out << openjd::file_text(file, symbols);
    out.close();
    if (!out || chmod(path.c_str(), file.runnable ? 0755 : 0644) != 0)
      return Error{ErrorCode::kIo, "cannot write the embedded file '" + file.name + "'",
                   "look at the free space of the agent's disk"};
  }
  return {};
}

sandbox::Command Session::command(const openjd::CommandLine& line) {
  sandbox::Command command;
  command.program = line.command;
  command.args = line.args;
  Variables variables = setup_.variables;
  for (const auto& [name, value] : task_variables_)
    variables[name] = value;
  variables = directives_.variables().over(std::move(variables));
  command.environment.assign(variables.begin(), variables.end());
  static_cast<sandbox::Place&>(command) = place();
  command.on_line = [this](std::string_view text) { directives_.hear(text); };
  if (log_) {
    command.on_text = [this](std::string_view text, bool errors) {
      log_->hear(directives_, text, errors, now_ns());
    };
  }
  if (remembered_) command.untouched = [this] { return baseline_.untouched(); };
  command.on_moment = [this] {
    if (log_) log_->look(directives_, now_ns());
    if (setup_.signals.moment) setup_.signals.moment();
  };
  return command;
}

sandbox::Place Session::place() const {
  sandbox::Place place{work(), setup_.inputs.mounts()};
  place.mounts.insert(place.mounts.begin(), {setup_.folder / "files", kFilesFolder});
  place.mounts.insert(place.mounts.end(), setup_.extras.mounts.begin(), setup_.extras.mounts.end());
  if (!setup_.extras.hostname.empty()) place.hostname = setup_.extras.hostname;
  place.hosts = setup_.extras.hosts;
  place.root = setup_.extras.root;
  place.gpus = setup_.extras.gpus;
  return place;
}

/// A sandbox for the next action: the one that stands, or another where that was ended for what ran in it.
std::optional<Failure> Session::ready_cell(bool leaves) {
  if (cell_ && cell_->usable()) return std::nullopt;
  cell_.reset();
  // Anew, so that nothing that a program has put there is mounted through.
  if (const auto made = sandbox::fresh_folder(work() / kFilesName); !made) return refused(made.error());
  sandbox::Place where = place();
  if (const auto sound = setup_.inputs.check_places(work()); !sound) {
    if (!leaves) return Failure{msg::FailureReason::kProgramFailed, sound.error().message};
    where.mounts.resize(1);  // who leaves does so without inputs rather than not at all
  }
  auto opened = setup_.sandbox.open_cell(where, setup_.bounds);
  if (!opened) return Failure{msg::FailureReason::kRefused, opened.error().message};
  cell_ = std::move(opened).value();
  if (!setup_.extras.on_cell) return std::nullopt;
  if (const auto heard = setup_.extras.on_cell(cell_->first()); !heard) return refused(heard.error());
  return std::nullopt;
}

/// Moved into its place, so that whatever a program left there is neither followed nor waited for.
void Session::write_notice(Duration notice) const {
  const std::time_t end = std::time(nullptr) + notice.ns / 1'000'000'000;
  std::tm parts{};
  std::array<char, 64> text{};
  gmtime_r(&end, &parts);
  std::strftime(text.data(), text.size(), "{\"NotifyEnd\": \"%Y-%m-%dT%H:%M:%SZ\"}\n", &parts);
  const std::filesystem::path aside = setup_.folder / "cancel_info.json";
  std::ofstream(aside) << text.data();
  std::error_code ignored;  // the signal tells it too
  std::filesystem::rename(aside, work() / "cancel_info.json", ignored);
}

Duration Session::leaving() const {
  Duration all;
  for (std::size_t i = 0; i < entered_; ++i) {
    const auto& exit = setup_.script.environments[i].on_exit;
    if (exit) all.ns += leaving_time(*exit).ns + notice_of(*exit, kEnvironmentNoticeS).ns;
  }
  return all;
}

/// How long the agent gives is for all that is left to do: half of it for the program, where environments are
/// to be left after it.
std::optional<Duration> Session::heard() {
  const std::optional<Duration> within = setup_.signals.cancelled ? setup_.signals.cancelled() : std::nullopt;
  if (!within) return std::nullopt;
  if (hurry_ns_ == 0) hurry_ns_ = now_ns() + within->ns;
  return leaving().ns > 0 ? Duration{within->ns / 2} : *within;
}

Duration Session::time_for(const openjd::Action& action, const Manner& manner) const {
  const std::int64_t now = now_ns();
  if (manner.leaves) {
    const std::int64_t most = leaving_time(action).ns;
    return {hurry_ns_ == 0 ? most : std::clamp(hurry_ns_ - now, kLeastLeaving.ns, most)};
  }
  Duration time = seconds(action.timeout_s.value_or(0));
  if (task_end_ns_ == 0) return time;
  const std::int64_t left = std::max<std::int64_t>(task_end_ns_ - now, 1);
  return {time.ns > 0 ? std::min(time.ns, left) : left};
}

void Session::watch_for_end(sandbox::Command& what, const openjd::Action& action, const Manner& manner) {
  what.notice = notice_of(action, manner.usual_notice_s);
  what.on_notice = [this](Duration notice) { write_notice(notice); };
  if (!manner.leaves) what.cancelled = [this] { return heard(); };
  if (setup_.signals.patience) setup_.signals.patience({kClearing.ns + what.notice.ns + leaving().ns});
}

std::optional<Failure> Session::act(const openjd::Action& action, const openjd::Symbols& symbols,
                                    const Manner& manner, Bytes* output) {
  if (auto failure = ready_cell(manner.leaves)) return failure;
  directives_.begin_action(manner.sets_variables);
  sandbox::Command what = command(openjd::resolve_action(action, symbols));
  what.keep_output = output != nullptr;
  watch_for_end(what, action, manner);
  auto outcome = cell_->run(what, time_for(action, manner));
  if (log_) log_->end_action(directives_, now_ns());
  if (!outcome) return Failure{msg::FailureReason::kRefused, outcome.error().message};
  if (auto failure = judge(outcome.value(), manner.who)) return failure;
  if (output) *output = std::move(outcome->output);
  return std::nullopt;
}

std::optional<Failure> Session::judge(const sandbox::Outcome& outcome, const std::string& who) const {
  std::string what;
  constexpr std::string_view kStatus =
      "exit status ";  // the suite of Open Job Description looks for the words
  if (!outcome.good() && outcome.exceeded == sandbox::Bound::kNone && outcome.how.starts_with(kStatus))
    what = who + " exited with code: " + outcome.how.substr(kStatus.size());
  else if (!outcome.good())
    what = who + (outcome.exceeded == sandbox::Bound::kNone ? " ended with " : " was ended: ") + outcome.how;
  else if (!directives_.mistake().empty())
    what = who + " failed: " + directives_.mistake();
  else if (!directives_.failure().empty())
    what = who + " said that it failed";
  if (what.empty()) return std::nullopt;
  if (!directives_.failure().empty()) what += ": " + directives_.failure();
  if (const std::string words = last_words(directives_.redacted(outcome.log)); !words.empty())
    what += "; last words: " + words;
  return Failure{reason_of(outcome.exceeded), what.substr(0, limits::kTextBytes)};
}

}  // namespace reeve::agent::worker
