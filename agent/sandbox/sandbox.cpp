#include "agent/sandbox/sandbox.h"

#include <unistd.h>

#include <array>

#include "agent/sandbox/cell.h"
#include "agent/sandbox/cgroup.h"
#include "agent/sandbox/launch.h"
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

Result<std::unique_ptr<Sandbox>> Sandbox::open(const std::string& name, std::string bwrap) {
  std::unique_ptr<Sandbox> sandbox(new Sandbox());
  sandbox->bwrap_ = bwrap.empty() ? find_bwrap() : std::move(bwrap);
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

Result<std::unique_ptr<Cell>> Sandbox::open_cell(const Place& place, const Bounds& bounds) {
  cgroup_->prepare(bounds);
  auto launched = launch(bwrap_, place, bounds, filter_, cgroup_->doors());
  if (!launched) return launched.error();
  auto cell = std::make_unique<Cell>(std::move(launched).value(), place, bounds, *cgroup_);
  if (const auto ready = cell->await_ready(); !ready) return ready.error();
  return cell;
}

Result<Outcome> Sandbox::run(const Command& command, const Bounds& bounds) {
  auto cell = open_cell(command, bounds);
  if (!cell) return cell.error();
  return cell.value()->run(command, bounds.time);
}

std::string Sandbox::keeping() const {
  const char* memory = cgroup_->holds_memory() ? "memory by cgroup" : "memory by a watch";
  const char* processes = cgroup_->holds_processes() ? ", processes by cgroup" : ", processes by a watch";
  return std::string(memory) + processes;
}

}  // namespace reeve::agent::sandbox
