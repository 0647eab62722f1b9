#pragma once

#include <cstddef>
#include <cstdint>

/// What a worker and the first process of its sandbox say to each other, over a socket of whole messages.
/// Both come from one build, so there are no versions. Plain data: the first process has no library of ours.
namespace reeve::agent::sandbox {

/// The first process's end of the socket.
inline constexpr int kControlFd = 17;

enum class RequestKind : std::uint32_t {
  kRun = 1,  // with two descriptors, standard output and standard error, and the words or a third: their file
  kTerminate = 2,  // SIGTERM to the program that runs
};

/// The words are `argument_count` and then `variable_count` texts, each with its zero: `word_bytes` in all.
struct Request {
  RequestKind kind = RequestKind::kRun;
  std::uint32_t argument_count = 0;
  std::uint32_t variable_count = 0;
  std::uint64_t word_bytes = 0;
};
inline constexpr std::size_t kDescriptorsPerRun = 3;
/// Words that follow the request in its message; more of them are in a file of their own.
inline constexpr std::size_t kInlineWordBytes = 32U << 10;

/// Command lines and environments beyond this the kernel would not take either.
inline constexpr std::uint64_t kMostWordBytes = 16ULL << 20;

enum class ReplyKind : std::uint32_t {
  kReady = 1,  // once, first
  kEnded = 2,  // the program has, and no process of its is left
};

/// What a program left behind that outlives its processes and could not be undone: no other may run here.
inline constexpr std::uint32_t kLeftFiles = 1;     // in the folders that are memory
inline constexpr std::uint32_t kLeftObjects = 2;   // System V or POSIX queues, semaphores, shared memory
inline constexpr std::uint32_t kLeftSettings = 4;  // limits or priorities of the first process

struct Reply {
  ReplyKind kind = ReplyKind::kReady;
  std::int32_t wait_status = 0;
  std::uint32_t left = 0;
};

}  // namespace reeve::agent::sandbox
