#include "agent/worker/task_kernel.h"

#include <charconv>
#include <chrono>

#include "agent/worker/program_kernel.h"
#include "protocol/digest.h"
#include "protocol/leaves.h"

namespace reeve::agent::worker {
namespace {

/// SHA-256(job, 8 bytes little-endian ‖ task, 4 bytes little-endian).
class Sha256Kernel final : public TaskKernel {
 public:
  explicit Sha256Kernel(const StepDocument& document) : TaskKernel(document.leaf_bytes) {
    for (unsigned i = 0; i < 8; ++i)
      message_[i] = static_cast<std::uint8_t>(document.step.job.value() >> (8 * i));
  }
  Result<void> run(TaskIndex task, Bytes& out) override {
    for (unsigned i = 0; i < 4; ++i)
      message_[8 + i] = static_cast<std::uint8_t>(task >> (8 * i));
    const Digest digest = sha256(message_);
    out.insert(out.end(), digest.bytes.begin(), digest.bytes.end());
    return {};
  }

 private:
  std::array<std::uint8_t, 12> message_{};
};

/// Keeps a processor busy for a while: what tests of time run. Gives the task's number, 8 bytes
/// little-endian.
class SpinKernel final : public TaskKernel {
 public:
  SpinKernel(const StepDocument& document, openjd::StepScript script)
      : TaskKernel(document.leaf_bytes), script_(std::move(script)) {}
  Result<void> run(TaskIndex task, Bytes& out) override {
    if (const auto known = check_task(script_, task); !known) return known;
    openjd::resolve_task_into(script_, task, {}, resolved_);
    const auto args = NamedArguments::read(resolved_.line.args);
    if (!args) return args.error();
    const auto ms = args.value().number("--ms", 86'400'000);
    if (!ms) return ms.error();
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms.value());
    while (std::chrono::steady_clock::now() < end) {
    }
    for (unsigned i = 0; i < 8; ++i)
      out.push_back(static_cast<std::uint8_t>(std::uint64_t{task} >> (8 * i)));
    return {};
  }

 private:
  openjd::StepScript script_;
  openjd::ResolvedTask resolved_;
};

Error refusal(std::string message) {
  return {ErrorCode::kInvalid, std::move(message),
          "submit it with a kernel that the fleet has: `reeve fleet list`"};
}

}  // namespace

msg::FailureReason failure_reason(const Error& error) {
  return error.code == ErrorCode::kExhausted ? msg::FailureReason::kOutOfMemory
                                             : msg::FailureReason::kRefused;
}

Result<std::vector<Digest>> TaskKernel::leaves(TaskIndex task, const std::vector<std::uint32_t>& wanted) {
  Bytes result;
  if (const auto ran = run(task, result); !ran) return ran.error();
  const std::vector<Digest> all = result_leaves(result, leaf_bytes_);
  std::vector<Digest> hashes;
  hashes.reserve(wanted.size());
  for (const std::uint32_t leaf : wanted)
    hashes.push_back(leaf < all.size() ? all[leaf] : Digest{});
  return hashes;
}

Result<void> check_task(const openjd::StepScript& script, TaskIndex task) {
  if (task < script.space.size()) return {};
  return refusal("task " + std::to_string(task) + " is beyond the step's " +
                 std::to_string(script.space.size()) + " tasks");
}

Result<NamedArguments> NamedArguments::read(const std::vector<std::string>& args) {
  NamedArguments named;
  if (args.size() % 2 != 0) return refusal("argument '" + args.back() + "' has no value");
  for (std::size_t i = 0; i < args.size(); i += 2) {
    for (const auto& [name, value] : named.pairs_) {
      if (name == args[i]) return refusal("argument '" + name + "' is given twice");
    }
    named.pairs_.emplace_back(args[i], args[i + 1]);
  }
  return named;
}

Result<std::string> NamedArguments::text(const char* name) const {
  for (const auto& [key, value] : pairs_) {
    if (key == name) return value;
  }
  return refusal(std::string("argument '") + name + "' is missing");
}

Result<std::uint64_t> NamedArguments::number(const char* name, std::uint64_t most) const {
  const auto value = text(name);
  if (!value) return value.error();
  const std::string& digits = value.value();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size() || number > most)
    return refusal(std::string("argument '") + name + "' is '" + digits + "'; it must be a number of 0 to " +
                   std::to_string(most));
  return number;
}

Result<std::unique_ptr<TaskKernel>> bind_step(const StepDocument& document, WorkerContext& context) {
  auto decoded = openjd::decode_step(document.script);
  if (!decoded) return decoded.error();
  openjd::StepScript& script = decoded.value();
  if (document.kernel.name == "program" && document.kernel.contract == 1)
    return bind_program(document, std::move(script), context);
  if (!script.on_run.command.is_constant())
    return refusal("the command of the step varies by task; a built-in kernel is named by a constant");
  const std::string command = script.on_run.command.literals();
  const std::string expected = "reeve:" + document.kernel.name;
  if (command != expected)
    return refusal("the step's command is '" + command + "' where its kernel asks for '" + expected + "'");
  if (document.kernel.contract != 1)
    return refusal("kernel " + document.kernel.name + " is known here with contract 1, not " +
                   std::to_string(document.kernel.contract));
  if (command == "reeve:sha256") return std::unique_ptr<TaskKernel>(new Sha256Kernel(document));
  if (command == "reeve:spin")
    return std::unique_ptr<TaskKernel>(new SpinKernel(document, std::move(script)));
  if (command == "reeve:render.path") return bind_render(document, std::move(script), context);
  if (command == "reeve:train") return bind_train(document, script, context);
  return refusal("no kernel '" + command + "' in this agent");
}

}  // namespace reeve::agent::worker
