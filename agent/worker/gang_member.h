#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/gang/mesh.h"
#include "agent/worker/session.h"

namespace reeve::agent::worker {

/// This slot's part of a task that runs on several at once: the private network, and what programs are told
/// of the gang.
class GangMember {
 public:
  /// Takes the seat. `scratch` is the slot's folder. Errors: kIo.
  static Result<std::unique_ptr<GangMember>> join(const msg::GangSeat& seat,
                                                  const std::filesystem::path& scratch);

  /// For the session in which the task runs; this must outlive it.
  Extras extras();
  /// Rank and size, the members' names, and how OpenMPI finds them.
  Session::Variables variables() const;

  /// Until every member is here, or `cancelled`. A failure names who is not. `preparation` is what others may
  /// need before they come.
  std::optional<Failure> await_members(const std::function<bool()>& cancelled, Duration preparation) const;
  /// True once a member is gone without a word: the task is over here too.
  bool broken() const { return mesh_->lost().has_value(); }
  /// What to say of a gang that broke. The region notices a lost agent itself and cancels what is left, which
  /// is nobody's fault; so it is given the time for that.
  Failure await_verdict(const std::function<bool()>& cancelled) const;
  /// Its report is the task's; the others only help.
  bool leads() const { return mesh_->seat().rank == 0; }

 private:
  GangMember(std::unique_ptr<gang::Mesh> mesh, std::filesystem::path folder)
      : mesh_(std::move(mesh)), folder_(std::move(folder)) {}
  Result<void> write_hosts() const;

  std::unique_ptr<gang::Mesh> mesh_;
  std::filesystem::path folder_;
};

}  // namespace reeve::agent::worker
