#include "agent/sandbox/sandbox.h"

#include <unistd.h>

#include <array>

#include "agent/sandbox/cgroup.h"
#include "agent/sandbox/launch.h"
#include "agent/sandbox/run.h"
#include "agent/sandbox/seccomp_filter.h"
#include "protocol/digest.h"

namespace reeve::agent::sandbox {
namespace {

/// Never from $PATH: what runs strangers' programs must be the system's.
std::string find_bwrap() {
  for (const char* path : {"/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap"})
    if (access(path, X_OK) == 0) return path;
  return "";
}

}  // namespace

Sandbox::Sandbox() = default;
Sandbox::~Sandbox() = default;

Result<std::unique_ptr<Sandbox>> Sandbox::open(const std::string& name) {
  std::unique_ptr<Sandbox> sandbox(new Sandbox());
  sandbox->bwrap_ = find_bwrap();
  if (sandbox->bwrap_.empty())
    return Error{ErrorCode::kNotFound, "bubblewrap is not installed", "apt-get install bubblewrap"};
  auto filter = make_seccomp_filter();
  if (!filter) return filter.error();
  sandbox->filter_ = std::move(filter).value();
  sandbox->cgroup_ = std::make_unique<Cgroup>(name);
  return sandbox;
}

void Sandbox::forget(const std::string& name) {
  const Cgroup group(name);  // its end is the group's
}

std::string slot_name(const std::string& scratch) {
  return "slot-" + to_hex(sha256(as_bytes(scratch))).substr(0, 12);
}

Result<Outcome> Sandbox::run(const Command& command, const Bounds& bounds) {
  cgroup_->prepare(bounds);
  auto launched = launch(bwrap_, command, bounds, filter_, cgroup_->doors());
  if (!launched) return launched.error();
  Run run(std::move(launched).value(), command, bounds, *cgroup_);
  return run.finish();
}

std::string Sandbox::keeping() const {
  const char* memory = cgroup_->holds_memory() ? "memory by cgroup" : "memory by a watch";
  const char* processes = cgroup_->holds_processes() ? ", processes by cgroup" : ", processes by a watch";
  return std::string(memory) + processes;
}

}  // namespace reeve::agent::sandbox
