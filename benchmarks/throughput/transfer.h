#pragma once

#include <nlohmann/json.hpp>

#include "benchmarks/throughput/stage.h"

namespace reeve::bench {

struct TransferSizes {
  std::uint64_t size_bytes = 1'000'000'000;
  std::uint32_t rounds = 3;
};

/// Moves one input from a requester to a region and from there to an agent, each as they do it for a job, and
/// the same bytes between two plain sockets under CURVE, in turn. Also what it cost in memory, and what
/// moved when the same input was wanted again.
Result<nlohmann::json> measure_transfers(const StageOptions& options, const TransferSizes& sizes);

/// What people read of the above.
std::string transfer_table(const nlohmann::json& figures);

/// The receiving end of the plain sockets: takes `size_bytes` at `port` and says so.
Result<void> serve_plain_socket(const std::filesystem::path& region_folder, std::uint16_t port,
                                std::uint64_t size_bytes);

}  // namespace reeve::bench
