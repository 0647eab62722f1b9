#pragma once

#include <cstddef>
#include <cstdint>

#include "protocol/units.h"

/// Every bound of the wire and of stored input, each with its reason. A peer that exceeds one is refused by
/// name.
namespace reeve::limits {

/// Newest protocol spoken, and the oldest still served (N and N-1).
inline constexpr std::uint32_t kProtocolNewest = 2;
inline constexpr std::uint32_t kProtocolOldest = 1;

/// A control message: room for a batch of reports of 512 tasks at 4 KiB inline each.
inline constexpr std::size_t kControlMessageBytes = 4U << 20;
/// A bulk chunk: large enough to amortise a round trip, small enough that a window of them fits memory.
inline constexpr std::size_t kBulkChunkBytes = 256U << 10;
/// Chunks in flight per transfer.
inline constexpr std::uint32_t kBulkWindowChunks = 16;
/// One blob: a scene with its textures; a result of one task.
inline constexpr std::uint64_t kBlobBytes = 16ULL << 30;

/// A result up to this size travels inside its report and needs no upload.
inline constexpr std::uint32_t kInlineResultBytes = 4096;
/// Leaves of one task's result: a leaf table of 2 MiB, which still fits a control message.
inline constexpr std::uint32_t kLeavesPerTask = 65536;

/// Tasks of a step: what an index of 32 bits leaves, less one so that `first + count` never wraps.
inline constexpr std::uint32_t kTasksPerStep = 0xFFFF'FFFEU;
inline constexpr std::uint32_t kStepsPerJob = 256;
inline constexpr std::uint32_t kInputsPerStep = 64;
inline constexpr std::uint32_t kTagsPerNeed = 16;
/// Of an agent: those that its owner gives it, and those of its programs.
inline constexpr std::uint32_t kTagsPerAgent = 32;
static_assert(kTagsPerAgent >= kTagsPerNeed);
inline constexpr std::uint32_t kDependenciesPerJob = 64;
/// An encoded step script (command, arguments, parameter space).
inline constexpr std::size_t kStepScriptBytes = 64U << 10;
/// How a step's results are compared (comparison.h).
inline constexpr std::size_t kComparisonBytes = 256;
/// What a task may leave for its next attempt: the model and optimiser of a training run on one host.
inline constexpr std::uint32_t kCheckpointMib = 16U << 10;
/// Checkpoints that a step has at once: each is a file of the region's.
inline constexpr std::size_t kCheckpointsPerStep = 4096;
/// Files of one bundle: a folder of inputs, or a program's result.
inline constexpr std::uint32_t kFilesPerBundle = 65536;
inline constexpr std::size_t kPathBytes = 1024;
/// Where inputs of a program are placed and which of its files are its result.
inline constexpr std::uint32_t kOutputPatternsPerStep = 64;
/// Names of jobs and of steps: OpenJD's FEATURE_BUNDLE_1 takes 512 characters, and UTF-8 four bytes for one.
inline constexpr std::size_t kJobNameBytes = 2048;
inline constexpr std::size_t kStepNameBytes = 2048;
/// Names of agents, tags, kernels.
inline constexpr std::size_t kNameBytes = 64;
/// Free text a peer may send: a reason, a failure's message.
inline constexpr std::size_t kTextBytes = 1024;

inline constexpr std::uint32_t kCommandsPerMessage = 1024;
inline constexpr std::uint32_t kSectionsPerReport = 1024;
inline constexpr std::uint32_t kTasksPerSection = 8192;
inline constexpr std::uint32_t kAssignmentsPerMessage = 1024;
inline constexpr std::uint32_t kHeldAttemptsPerAgent = 4096;
inline constexpr std::uint32_t kRowsPerPage = 1024;
/// Verdicts tell of ranges, and a commit may settle many of one agent.
inline constexpr std::uint32_t kVerdictsPerMessage = 4096;
inline constexpr std::uint32_t kKernelsPerAgent = 64;
inline constexpr std::uint32_t kSlotsPerAgent = 1024;
inline constexpr std::uint32_t kQuorum = 5;
/// Members of one gang: their list travels to each of them, and the first keeps a connection to each.
inline constexpr std::uint32_t kGangMembers = 256;

/// A piece of a task's log: what a program writes in a moment, and never the greater part of a message.
inline constexpr std::size_t kLogPieceBytes = 16U << 10;
inline constexpr std::uint32_t kLogPiecesPerMessage = 128;
/// Where a log may reach: beyond it a JSON number is no longer exact.
inline constexpr std::uint64_t kLogOffset = 1ULL << 53;

/// Shards of a generation: their results are all inputs of one task, whose assignment names each.
inline constexpr std::uint32_t kShardsPerGeneration = 1024;
/// Generations that shards may lag behind: so many states and gradients are kept at once.
inline constexpr std::uint32_t kStaleness = 16;
/// Results of other tasks that one goes on from: every shard's, and the update before.
inline constexpr std::uint32_t kInputsPerTask = kShardsPerGeneration + 1;

/// Tasks an agent may hold at once, whatever credit it asks for.
inline constexpr std::uint32_t kCreditPerAgent = 16384;

/// Replies to commands are remembered this long, so that a repeated request id does nothing twice.
inline constexpr Duration kRequestMemory = hours(7 * 24);

static_assert(kTasksPerSection * 64 <= kControlMessageBytes, "a section of bare roots fits a message");
static_assert(kLeavesPerTask * 32 <= kControlMessageBytes, "a leaf table fits a message");
static_assert(kLogPiecesPerMessage * (kLogPieceBytes + 64) <= kControlMessageBytes,
              "log pieces fit a message");

}  // namespace reeve::limits
