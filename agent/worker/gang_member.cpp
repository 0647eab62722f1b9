#include "agent/worker/gang_member.h"

#include <chrono>
#include <fstream>
#include <thread>

#include "agent/gang/seat_socket.h"
#include "agent/gang/tun.h"
#include "agent/image/places.h"
#include "agent/sandbox/scratch.h"
#include "openjd/task.h"

namespace reeve::agent::worker {
namespace {

using Clock = std::chrono::steady_clock;

/// As members see it, one a line: "rank0 slots=1".
constexpr const char* kMpiHosts = "/.reeve-hosts";
static_assert(image::is_place(kMpiHosts) && image::is_place(openjd::kGangLauncher));
/// Assignments reach all members within a second; beyond that it is their network.
constexpr auto kMeeting = std::chrono::seconds(60);
/// The region takes 15 s of silence for the loss of an agent.
constexpr auto kVerdict = std::chrono::seconds(90);
constexpr auto kLook = std::chrono::milliseconds(10);
/// torch.distributed and others meet at rank 0's.
constexpr const char* kMasterPort = "29500";

/// False if it was cancelled, or the time is over.
bool wait_until(Clock::time_point end, const std::function<bool()>& cancelled,
                const std::function<bool()>& done) {
  while (!done()) {
    if (cancelled() || Clock::now() >= end) return false;
    std::this_thread::sleep_for(kLook);
  }
  return true;
}

}  // namespace

Result<std::unique_ptr<GangMember>> GangMember::join(const msg::GangSeat& seat,
                                                     const std::filesystem::path& scratch) {
  const std::filesystem::path folder = scratch / "gang";
  if (const auto made = sandbox::fresh_folder(folder); !made) return made.error();
  auto mesh = gang::Mesh::open(seat, gang::seat_folder(scratch));
  if (!mesh) return mesh.error();
  std::unique_ptr<GangMember> member(new GangMember(std::move(mesh).value(), folder));
  if (const auto written = member->write_hosts(); !written) return written.error();
  return member;
}

Result<void> GangMember::write_hosts() const {
  const msg::GangSeat& seat = mesh_->seat();
  std::ofstream slots(folder_ / "mpi-hosts");
  for (std::uint32_t rank = 0; rank < seat.members.size(); ++rank)
    slots << gang::host_name_of(rank) << " slots=1\n";
  slots.close();
  if (!slots)
    return Error{ErrorCode::kIo, "cannot write the names of a gang's members",
                 "look at the free space of the agent's disk"};
  return {};
}

Extras GangMember::extras() {
  std::error_code error;
  const auto programs = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  std::string hosts = "127.0.0.1 localhost\n::1 localhost\n";
  for (std::uint32_t rank = 0; rank < mesh_->seat().members.size(); ++rank)
    hosts += gang::address_text(rank) + " " + gang::host_name_of(rank) + "\n";
  return {
      {{folder_ / "mpi-hosts", kMpiHosts}, {programs / "reeve-launch", std::string(openjd::kGangLauncher)}},
      gang::host_name_of(mesh_->seat().rank),
      std::move(hosts),
      [this](pid_t first) { return mesh_->attach(first); }};
}

Session::Variables GangMember::variables() const {
  const msg::GangSeat& seat = mesh_->seat();
  const std::string rank = std::to_string(seat.rank);
  const std::string size = std::to_string(seat.members.size());
  std::string hosts;
  for (std::uint32_t other = 0; other < seat.members.size(); ++other)
    hosts += (other > 0 ? "," : "") + gang::host_name_of(other);
  return {
      {"REEVE_RANK", rank},
      {"REEVE_GANG_SIZE", size},
      {"REEVE_GANG_HOSTS", hosts},
      // as torch.distributed and its like are told
      {"RANK", rank},
      {"WORLD_SIZE", size},
      {"LOCAL_RANK", "0"},
      {"MASTER_ADDR", gang::address_text(0)},
      {"MASTER_PORT", kMasterPort},
      // OpenMPI: daemons start through reeve-launch, each from rank 0 and attached to it, and all traffic is
      // TCP over the gang's interface. The sandbox has no /sys, so there are no cores to bind to.
      {"OMPI_MCA_plm", "rsh"},
      {"OMPI_MCA_plm_rsh_agent", std::string(openjd::kGangLauncher)},
      {"OMPI_MCA_plm_rsh_no_tree_spawn", "1"},
      {"OMPI_MCA_orte_leave_session_attached", "1"},
      {"OMPI_MCA_orte_default_hostfile", kMpiHosts},
      {"OMPI_MCA_hwloc_base_binding_policy", "none"},
      {"OMPI_MCA_pml", "ob1"},
      {"OMPI_MCA_btl", "tcp,self"},
      {"OMPI_MCA_btl_tcp_if_include", gang::kInterface},
      {"OMPI_MCA_oob_tcp_if_include", gang::kInterface},
  };
}

std::optional<Failure> GangMember::await_members(const std::function<bool()>& cancelled,
                                                 Duration preparation) const {
  const auto end = Clock::now() + kMeeting + std::chrono::nanoseconds(preparation.ns);
  if (wait_until(end, cancelled, [this] { return mesh_->complete() || broken(); })) return std::nullopt;
  if (cancelled()) return Failure{msg::FailureReason::kAgentLeaving, "it was cancelled"};
  return Failure{msg::FailureReason::kRefused,
                 mesh_->missing() + " cannot be reached from " + mesh_->name_of(mesh_->seat().rank) +
                     "; the agents of a farm must reach each other at their --gang-address"};
}

Failure GangMember::await_verdict(const std::function<bool()>& cancelled) const {
  wait_until(Clock::now() + kVerdict, cancelled, [] { return false; });
  return {msg::FailureReason::kAgentLeaving, mesh_->name_of(mesh_->lost().value_or(0)) + " was lost"};
}

}  // namespace reeve::agent::worker
