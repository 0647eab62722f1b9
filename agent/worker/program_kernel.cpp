#include "agent/worker/program_kernel.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <span>

#include "agent/sandbox/gpu.h"
#include "agent/sandbox/sandbox.h"
#include "agent/worker/checkpoint_watch.h"
#include "agent/worker/gang_member.h"
#include "agent/worker/glob.h"
#include "agent/worker/session.h"
#include "agent/worker/staging.h"
#include "agent/worker/step_image.h"
#include "protocol/bundle_files.h"
#include "protocol/digest.h"
#include "protocol/limits.h"

namespace reeve::agent::worker {
namespace {

/// A result of one file has so much around it, at most.
constexpr std::uint64_t kHeadBytes = 256;
/// /tmp and /dev/shm are memory: each a quarter of the task's, within reason.
constexpr std::uint64_t kLeastTmpBytes = 16ULL << 20;
constexpr std::uint64_t kMostTmpBytes = 1ULL << 30;
constexpr std::uint32_t kProcesses = 512;
constexpr std::uint32_t kProcessesPerCpu = 64;

sandbox::Bounds bounds_of(const StepDocument& document, const WorkerContext& context) {
  sandbox::Bounds bounds;
  if (context.share.memory_mib > 0) bounds.memory_bytes = context.share.memory_mib << 20;
  if (document.memory_mib > 0)
    bounds.memory_bytes = std::min(bounds.memory_bytes, std::uint64_t{document.memory_mib} << 20);
  bounds.tmp_bytes = std::clamp(bounds.memory_bytes / 4, kLeastTmpBytes, kMostTmpBytes);
  bounds.processes = std::max(kProcesses, kProcessesPerCpu * context.cpus);
  const std::uint64_t most = std::min(document.max_result_bytes, kResultBytes);
  bounds.output_bytes = most - std::min(most, kHeadBytes);
  return bounds;
}

/// What `--array 1-100` counts: the parameter's value where there is one of numbers, else the task's number.
std::string array_index(const openjd::TaskValues& values, TaskIndex task) {
  if (values.size() == 1 && !values[0].empty() &&
      values[0].find_first_not_of("-0123456789") == std::string::npos)
    return values[0];
  return std::to_string(task);
}

class ProgramKernel final : public TaskKernel {
 public:
  ProgramKernel(const StepDocument& document, openjd::StepScript script, WorkerContext& context,
                std::filesystem::path folder)
      : TaskKernel(document.leaf_bytes),
        document_(document),
        script_(std::move(script)),
        context_(context),
        inputs_(std::move(folder)),
        bounds_(bounds_of(document, context)) {}

  Result<void> prepare() { return inputs_.prepare(script_.inputs, document_.inputs); }

  Result<void> run(TaskIndex task, Bytes& out) override {
    reason_ = msg::FailureReason::kRefused;
    preparation_ = {};
    if (const auto known = check_task(script_, task); !known) return known;
    const openjd::TaskValues values = script_.space.at(task);
    TaskLog log([this, task](std::uint64_t offset, std::string text, bool must) {
      return context_.log(task, offset, std::move(text), must);
    });
    // A gang's session is its own: another network, and members that end with it. So is a checkpoint's.
    if (session_ && (context_.gang.is_gang() || gang_ || keeps_checkpoints() || !session_->renew())) rest();
    auto failure = ready_image();
    if (!failure) failure = join_gang();
    if (!failure) failure = ready_session(context_.log ? &log : nullptr);
    if (!failure) watch_checkpoints(task);
    if (!failure && gang_)
      failure = gang_->await_members([this] { return context_.cancelled().has_value(); },
                                     image_ ? image::kUnpackTime : Duration{});
    if (!failure) failure = perform(task, values, out);
    if (failure && gang_ && gang_->broken())
      failure = gang_->await_verdict([this] { return context_.cancelled().has_value(); });
    if (watch_ && !watch_->too_large().empty())
      failure = Failure{msg::FailureReason::kOverLimit, watch_->too_large()};
    watch_.reset();
    if (!failure && script_.leaves_with_task) failure = session_->leave();
    if (failure || gang_ || keeps_checkpoints() || script_.leaves_with_task) rest();
    if (session_) session_->log_to(nullptr);
    log.end();
    if (!failure) return {};
    reason_ = failure->reason;
    return Error{ErrorCode::kInvalid, failure->message, ""};
  }

  msg::FailureReason reason_of(const Error&) const override { return reason_; }

  bool holds_open() const override { return session_ != nullptr; }

  void rest() override {
    if (session_) session_->leave();
    session_.reset();
    gang_.reset();  // after the processes that use its network
    image_.reset();
  }

 private:
  /// Before a session: a step's image may take minutes to unpack, which no task's time limit counts.
  std::optional<Failure> ready_image() {
    if (!script_.image || image_) return std::nullopt;
    tell(image::kUnpackTime);
    const auto began = std::chrono::steady_clock::now();
    auto opened = open_image(*script_.image, document_, context_);
    preparation_ = {std::chrono::nanoseconds(std::chrono::steady_clock::now() - began).count()};
    tell({});
    if (!opened) return image_failure(opened.error());
    image_ = std::move(opened).value();
    return std::nullopt;
  }

  std::optional<Failure> join_gang() {
    if (!context_.gang.is_gang()) return std::nullopt;
    auto joined = GangMember::join(context_.gang, context_.share.scratch);
    if (!joined) return Failure{msg::FailureReason::kRefused, joined.error().message};
    gang_ = std::move(joined).value();
    return std::nullopt;
  }

  bool keeps_checkpoints() const { return document_.checkpoint_bytes > 0; }

  /// Of a gang's members, the lead's folder counts.
  void watch_checkpoints(TaskIndex task) {
    task_ = task;
    if (keeps_checkpoints() && context_.left && (!gang_ || gang_->leads()))
      watch_ = std::make_unique<CheckpointWatch>(session_->work(), context_.share.scratch,
                                                 document_.checkpoint_bytes);
  }

  void look_for_checkpoint() {
    if (!watch_) return;
    if (const auto made = watch_->take()) context_.left(task_, *made);
  }

  /// A gang that has lost a member is over at once, whatever its actions ask for.
  std::optional<Duration> cancelled() const {
    if (gang_ && gang_->broken()) return Duration{};
    if (watch_ && !watch_->too_large().empty()) return Duration{};
    return context_.cancelled();
  }

  std::optional<Failure> ready_session(TaskLog* log) {
    if (session_) {
      session_->log_to(log);
      session_->begin_task(document_.time_limit);
      return std::nullopt;
    }
    SessionSignals signals{[this] { return cancelled(); }, [this](Duration patience) { tell(patience); },
                           [this] { look_for_checkpoint(); }};
    session_ = std::make_unique<Session>(Session::Setup{
        *context_.sandbox, script_, inputs_, std::filesystem::path(context_.share.scratch) / "session",
        bounds_, variables(), std::move(signals), extras(), keeps_checkpoints(), document_.checkpoint});
    session_->log_to(log);
    session_->begin_task(document_.time_limit);
    return session_->enter();
  }

  /// As many of the slot's cards as the step asks for.
  std::span<const SlotGpu> gpus() const {
    const std::vector<SlotGpu>& all = context_.share.gpus;
    return {all.data(), std::min<std::size_t>(all.size(), script_.gpus)};
  }

  Extras extras() {
    Extras extras = gang_ ? gang_->extras() : Extras{};
    if (image_) extras.root = image_->root;
    if (script_.gpus == 0) return extras;
    std::vector<int> minors;
    for (const SlotGpu& gpu : gpus())
      minors.push_back(gpu.minor);
    extras.gpus = sandbox::gpu_access(minors);
    if (!image_) extras.gpus.libraries.clear();  // the host's system has them
    return extras;
  }

  /// What the task's image took is none of its time.
  void tell(Duration patience) const {
    const std::int64_t ns = patience.ns + preparation_.ns;
    if (context_.progress)
      context_.progress->patience_ms.store(static_cast<std::uint64_t>(ns / 1'000'000),
                                           std::memory_order_release);
  }

  /// Of every action of a session: environments do not see which task is the first.
  Session::Variables variables() const {
    Session::Variables all{{"PATH", sandbox::kProgramPath},
                           {"HOME", "/tmp"},
                           {"TMPDIR", "/tmp"},
                           {"USER", "task"},
                           {"LANG", "C.UTF-8"},
                           {"OMP_NUM_THREADS", std::to_string(context_.cpus)},
                           {"REEVE_CPUS", std::to_string(context_.cpus)},
                           {"REEVE_JOB_ID", std::to_string(document_.step.job.value())}};
    if (keeps_checkpoints())
      all["REEVE_CHECKPOINT_DIR"] = std::string(sandbox::kWorkFolder) + "/" + kCheckpointFolder;
    if (gang_) all.merge(gang_->variables());
    if (image_) all = over_image(*image_, std::move(all));
    if (script_.gpus > 0) add_gpu_variables(all);
    return all;
  }

  /// By name of the card, which stays when another one is away.
  void add_gpu_variables(Session::Variables& all) const {
    std::string cards;
    for (const SlotGpu& gpu : gpus())
      cards += (cards.empty() ? "" : ",") + gpu.uuid;
    all["CUDA_VISIBLE_DEVICES"] = cards;
    if (!image_) return;
    std::string& folders = all["LD_LIBRARY_PATH"];
    folders = sandbox::kGpuFolder + (folders.empty() ? "" : ":" + folders);
  }

  Session::Variables variables(TaskIndex task, const openjd::TaskValues& values) const {
    return {{"REEVE_TASK_ID", std::to_string(task)},
            {"REEVE_ATTEMPT", std::to_string(context_.attempt.value())},
            {"REEVE_ARRAY_TASK_ID", array_index(values, task)}};
  }

  /// What a member makes that does not lead is nobody's result.
  std::optional<Failure> perform(TaskIndex task, const openjd::TaskValues& values, Bytes& out) {
    if (gang_ && !gang_->leads()) return session_->run_task(values, variables(task, values), nullptr);
    if (!script_.outputs.empty()) {
      if (auto failure = session_->run_task(values, variables(task, values), nullptr)) return failure;
      return collect(*session_, values, out);
    }
    Bytes text;
    if (auto failure = session_->run_task(values, variables(task, values), &text)) return failure;
    const auto head = encode_bundle_index({{"stdout", false, text.size()}});
    if (!head) return Failure{msg::FailureReason::kRefused, head.error().message};
    out.insert(out.end(), head->begin(), head->end());
    out.insert(out.end(), text.begin(), text.end());
    return std::nullopt;
  }

  std::optional<Failure> collect(const Session& session, const openjd::TaskValues& values, Bytes& out) const {
    const auto folder = open_folder(session.work());
    if (!folder) return Failure{msg::FailureReason::kRefused, folder.error().message};
    auto listing = list_files(folder.value());
    if (!listing) return Failure{msg::FailureReason::kOverLimit, listing.error().message};
    std::vector<FoundFile> files;
    if (auto failure = choose(listing.value(), values, files)) return failure;
    std::uint64_t size = 0;
    for (const FoundFile& file : files)
      size += file.size_bytes + file.path.size();
    const std::uint64_t most = std::min(document_.max_result_bytes, kResultBytes);
    if (size > most)
      return Failure{msg::FailureReason::kOverLimit, "the outputs have " + std::to_string(size) +
                                                         " bytes where the step allows " +
                                                         std::to_string(most)};
    return pack(folder.value(), files, out);
  }

  bool is_checkpoint(const std::string& path) const {
    return keeps_checkpoints() && path.starts_with(std::string(kCheckpointFolder) + "/");
  }

  /// The files that the patterns name, each once.
  std::optional<Failure> choose(const FolderListing& listing, const openjd::TaskValues& values,
                                std::vector<FoundFile>& files) const {
    openjd::HostValues host;
    host.working_directory = sandbox::kWorkFolder;
    const openjd::HostSymbols symbols(host, &values);
    std::vector<bool> chosen(listing.files.size());
    for (const openjd::OutputPattern& output : script_.outputs) {
      const std::string pattern = tidy_pattern(output.pattern.resolve(symbols), sandbox::kWorkFolder);
      bool any = false;
      for (std::size_t i = 0; i < listing.files.size(); ++i) {
        if (inputs_.covers(listing.files[i].path) || is_checkpoint(listing.files[i].path) ||
            !glob_matches(pattern, listing.files[i].path))
          continue;
        chosen[i] = any = true;
      }
      if (any || !output.required) continue;
      std::string message =
          "the program ended well and left no file '" + pattern + "', which is a required output";
      for (const SkippedFile& skipped : listing.skipped) {
        if (glob_matches(pattern, skipped.path)) message += "; '" + skipped.path + "' is " + skipped.why;
      }
      return Failure{msg::FailureReason::kProgramFailed, message.substr(0, limits::kTextBytes)};
    }
    for (std::size_t i = 0; i < chosen.size(); ++i)
      if (chosen[i]) files.push_back(listing.files[i]);
    return std::nullopt;
  }

  static std::optional<Failure> pack(const Descriptor& folder, const std::vector<FoundFile>& files,
                                     Bytes& out) {
    const Descriptor file(memfd_create("reeve-result", MFD_CLOEXEC));
    const auto written = file.valid()
                             ? write_bundle(folder, files, file)
                             : Result<std::uint64_t>(Error{ErrorCode::kIo, "no memory for the result", ""});
    if (!written) return Failure{msg::FailureReason::kProgramFailed, written.error().message};
    const std::size_t before = out.size();
    out.resize(before + static_cast<std::size_t>(written.value()));
    for (std::size_t done = before; done < out.size();) {
      const ssize_t n =
          pread(file.get(), out.data() + done, out.size() - done, static_cast<off_t>(done - before));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return Failure{msg::FailureReason::kRefused, "the result cannot be read back"};
      done += static_cast<std::size_t>(n);
    }
    return std::nullopt;
  }

  StepDocument document_;
  openjd::StepScript script_;
  WorkerContext& context_;
  StagedInputs inputs_;
  sandbox::Bounds bounds_;
  msg::FailureReason reason_ = msg::FailureReason::kRefused;
  std::optional<image::Image> image_;
  Duration preparation_;  // of the task in hand
  std::unique_ptr<GangMember> gang_;
  std::unique_ptr<Session> session_;  // refers to what stands above it
  std::unique_ptr<CheckpointWatch> watch_;
  TaskIndex task_ = 0;  // in hand
};

}  // namespace

Result<std::unique_ptr<TaskKernel>> bind_program(const StepDocument& document, openjd::StepScript script,
                                                 WorkerContext& context) {
  if (context.share.scratch.empty())
    return Error{ErrorCode::kNotAllowed, "this worker has no folder for programs' files", "update the agent"};
  if (!context.sandbox) {
    auto opened = sandbox::Sandbox::open(sandbox::slot_name(context.share.scratch));
    if (!opened) return opened.error();
    context.sandbox = std::move(opened).value();
  }
  const auto folder =
      std::filesystem::path(context.share.scratch) / ("step-" + std::to_string(context.next_step++));
  auto kernel = std::make_unique<ProgramKernel>(document, std::move(script), context, folder);
  if (const auto ready = kernel->prepare(); !ready) return ready.error();
  return std::unique_ptr<TaskKernel>(std::move(kernel));
}

}  // namespace reeve::agent::worker
