#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "agent/gang/greeting.h"
#include "protocol/bundle_files.h"
#include "protocol/result.h"

/// How a connection that came to the agent's door goes on to the worker that has the seat: as a descriptor,
/// over a socket in a folder that the agent and its workers share.
namespace reeve::agent::gang {

/// Of an agent whose slots work in `scratch`/slot-N.
std::filesystem::path seat_folder(const std::filesystem::path& slot_scratch);

/// The worker's end, which does not wait. Errors: kIo.
Result<Descriptor> listen_as_seat(const std::filesystem::path& folder, AttemptId lead, std::uint32_t rank);
/// Nobody is handed anything there any more.
void leave_seat(const std::filesystem::path& folder, AttemptId lead, std::uint32_t rank);

struct Visitor {
  Greeting greeting;
  Descriptor connection;
};
/// Nothing: none waits.
std::optional<Visitor> take_visitor(const Descriptor& seat);

/// False where the seat is not taken, or not yet.
bool hand_to_seat(const std::filesystem::path& folder, const Greeting& greeting,
                  const Descriptor& connection);

}  // namespace reeve::agent::gang
