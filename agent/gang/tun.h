#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "agent/gang/address.h"
#include "protocol/bundle_files.h"
#include "protocol/result.h"

/// The private network of a gang: each member's sandbox has one interface, whose other end is a descriptor
/// that its worker holds. There is nothing on it but the gang.
namespace reeve::agent::gang {

/// Of the interface, as programs see it.
inline constexpr const char* kInterface = "gang0";
/// Large: each packet costs a few system calls and wakes a process at each end.
inline constexpr int kPacketBytes = 32'000;

std::string address_text(std::uint32_t rank);
std::string host_name_of(std::uint32_t rank);

/// Makes the interface of the network namespace of process `first`, from outside and without privileges on
/// the host: whoever made the namespace may. Reads and writes of the descriptor are whole IP packets and do
/// not wait. Errors: kNotAllowed with the step that failed.
Result<Descriptor> make_interface(pid_t first, std::uint32_t rank);

/// Tries it in namespaces of its own. An error says what is missing on this host and how to mend it.
Result<void> interfaces_work();

}  // namespace reeve::agent::gang
