#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/bytes.h"
#include "protocol/result.h"
#include "protocol/units.h"

/// Commands of a stranger, one at a time, in namespaces of their own, within bounds. Nothing of a command but
/// files in its working directory outlives its run.
namespace reeve::agent::sandbox {

/// Where the working directory stands for the program.
inline constexpr const char* kWorkFolder = "/session";
/// Where commands are looked for: the system's, then what a sandbox adds for those that the system lacks.
inline constexpr const char* kProgramPath = "/usr/local/bin:/usr/bin:/bin:/.reeve-bin";

/// What a program may be ended for.
enum class Bound : std::uint8_t { kNone, kMemory, kProcesses, kDisk, kFiles, kOutput, kTime, kCancelled };

/// How much of the host a program may have.
struct Bounds {
  std::uint64_t memory_bytes = 1ULL << 30;
  std::uint32_t processes = 512;  // a parallel build or a renderer with a thread a core, and some
  std::uint32_t open_files = 4096;
  std::uint64_t disk_bytes = 16ULL << 30;  // of the working directory
  std::uint32_t files = 65536;             // entries of it: limits::kFilesPerBundle
  std::uint64_t tmp_bytes = 256ULL << 20;  // of /tmp and of /dev/shm, each; it is memory
  std::uint64_t output_bytes = 64U << 20;  // of standard output, where it is kept
  std::uint64_t log_bytes = 256ULL << 20;  // of both streams: beyond it a program only burns a processor
  Duration time;                           // zero: the caller sees to it
};

/// Something of the host that a program may read.
struct Mount {
  std::filesystem::path source;
  std::string target;  // absolute, as the program sees it
};

/// GPUs in a sandbox: device nodes, and where the system is not the host's the driver's libraries, which
/// stand in kGpuFolder.
struct GpuAccess {
  std::vector<std::string> nodes;
  std::vector<Mount> libraries;
};
inline constexpr const char* kGpuFolder = "/.reeve-gpu";

/// What a cell shows of the host: the same for every command in it.
struct Place {
  std::filesystem::path work;  // a folder of the host
  std::vector<Mount> mounts;   // in this order
  std::string hostname = "sandbox";
  std::string hosts{};  // the text of /etc/hosts; empty: this host alone
  /// The root that programs see, with agent/image's places in it; empty: the host's own system, read-only.
  std::filesystem::path root{};
  GpuAccess gpus{};
};

struct Command : Place {
  std::string program;
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> environment;  // all of it
  bool keep_output = false;                                      // standard output is wanted whole
  /// When its time is over, or it is cancelled: SIGTERM, and so much longer. Zero: SIGKILL at once.
  Duration notice;
  std::function<void(Duration)> on_notice;  // just before the SIGTERM: how long it has
  /// Asked every moment. A value: it is to end now, and whatever its notice within so long.
  std::function<std::optional<Duration>()> cancelled;
  /// Hears each line of both streams, without its end; of a very long line its beginning.
  std::function<void(std::string_view)> on_line;
  /// Hears all of both streams as it comes, after the lines in it were heard.
  std::function<void(std::string_view text, bool errors)> on_text;
  /// Called every 50 ms or oftener while the command runs.
  std::function<void()> on_moment;
  /// Asked once nobody is left: true where the working directory is as it was, so that nobody need look what
  /// it holds. Null: nobody knows.
  std::function<bool()> untouched;
};

struct Outcome {
  int exit_status = 0;  // 128 + N after signal N
  Bound exceeded = Bound::kNone;
  std::string how;  // "", or in words what ended it
  Bytes output;     // where it was to be kept
  std::string log;  // first and last words of both streams, printable
  bool good() const { return exit_status == 0 && exceeded == Bound::kNone; }
};

class Cgroup;
class Cell;

/// What all runs of one slot share. Used by one thread, which must outlive every run.
class Sandbox {
 public:
  /// `name` tells this slot's processes from those of others on the host: [a-z0-9-].
  /// Errors: kNotFound without bubblewrap; kIo where the kernel does not do its part.
  /// `bwrap` is bubblewrap; empty: the system's, never from $PATH.
  static Result<std::unique_ptr<Sandbox>> open(const std::string& name, std::string bwrap = "");
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  /// Ends and removes what a slot's sandboxes have left on the host, where its process was killed.
  static void forget(const std::string& name);

  /// Makes the walls once, for one command after another. A slot has one cell at a time: what is left of
  /// another ends. Errors: kIo where it could not be set up.
  Result<std::unique_ptr<Cell>> open_cell(const Place& place, const Bounds& bounds);

  /// Runs a command in a cell of its own: to its end or to a bound's, until no process of it is left.
  /// Errors: kIo where the sandbox could not be set up, so that the command never began.
  Result<Outcome> run(const Command& command, const Bounds& bounds);

  /// How bounds are kept here, in words: "memory by cgroup, processes by cgroup".
  std::string keeping() const;

 private:
  Sandbox();
  std::string bwrap_;
  Bytes filter_;
  std::unique_ptr<Cgroup> cgroup_;
};

/// A slot's name, which no other on the host has, by the folder that it works in.
std::string slot_name(const std::string& scratch);

/// Tries a sandbox, and that what it must hide is hidden. An error says why this machine has none, and what
/// would mend it: kNotFound and kNotAllowed where there can be none, kConflict where there is one with a
/// hole.
Result<void> sandbox_works();

}  // namespace reeve::agent::sandbox
