#include "agent/commands.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <thread>

#include "agent/shell/control.h"
#include "agent/shell/devices.h"
#include "agent/shell/files.h"
#include "agent/shell/join.h"
#include "agent/shell/spool.h"
#include "protocol/exit_codes.h"

namespace reeve::agent {
namespace {

using Json = nlohmann::ordered_json;

int fail(const Command& command, const Error& error) {
  if (command.output == "json") {
    const Json json{
        {"version", 1},
        {"error", {{"code", error_code_name(error.code)}, {"message", error.message}, {"hint", error.hint}}}};
    std::printf("%s\n", json.dump().c_str());
  } else {
    std::fprintf(stderr, "reeve agent: %s\n", error.message.c_str());
    if (!error.hint.empty()) std::fprintf(stderr, "             %s\n", error.hint.c_str());
  }
  return exit_code_of(error.code);
}

/// A token on a command line can be read by whoever lists processes, so a file and the environment do too.
Result<std::string> read_token(const std::string& given) {
  std::string token = given;
  if (token.empty()) {
    const char* value = std::getenv("REEVE_TOKEN");
    token = value ? value : "";
  }
  if (!token.empty() && token.front() == '@') {
    const auto bytes = read_file(token.substr(1));
    if (!bytes)
      return Error{bytes.error().code, "cannot read the token: " + bytes.error().message, "check the path"};
    token.assign(bytes.value().begin(), bytes.value().end());
  }
  while (!token.empty() && std::isspace(static_cast<unsigned char>(token.back())) != 0)
    token.pop_back();
  if (token.empty())
    return Error{ErrorCode::kInvalid, "no token: give one as TOKEN, @FILE or in REEVE_TOKEN",
                 "an owner makes one: `reeve owner invite-agents`"};
  return token;
}

std::string host_name() {
  std::array<char, 65> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "agent";
}

/// "1h30m" in seconds; also "90s", "2d", "45" (seconds).
Result<std::int64_t> read_length(const std::string& text) {
  const Error wrong{ErrorCode::kInvalid, "length '" + text + "' is no duration",
                    "write it as 90s, 15m, 1h30m or 2d"};
  std::int64_t total = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    std::int64_t number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc{} || number < 0 || number > 1'000'000) return wrong;
    at = next;
    const char unit = at == end ? 's' : *at++;
    const std::string_view units = "smhd";
    constexpr std::array<std::int64_t, 4> kSeconds{1, 60, 3600, 86'400};
    const std::size_t which = units.find(unit);
    if (which == std::string_view::npos) return wrong;
    total += number * kSeconds[which];
  }
  if (total == 0) return wrong;
  return total;
}

int say(const Command& command, const std::string& line, const char* done) {
  const auto reply = ask_agent(command.home, line);
  if (!reply) return fail(command, reply.error());
  if (command.output == "json") std::printf("%s\n", reply.value().c_str());
  if (command.output == "table") std::printf("%s\n", done);
  return 0;
}

void print_status(const Json& status) {
  const auto number = [](const Json& value) { return value.get<long long>(); };
  const bool connected = status["connected"].get<bool>();
  std::printf("%s (agent %lld)\n", status["name"].get<std::string>().c_str(), number(status["agent"]));
  std::printf("  region      %s\n",
              connected ? status["region"].get<std::string>().c_str() : "not connected");
  if (connected) std::printf("  last heard  %lld s ago\n", number(status["heard_seconds_ago"]));
  const Json& slots = status["slots"];
  std::printf("  slots       %lld busy, %lld up, %lld in all\n", number(slots["busy"]), number(slots["up"]),
              number(slots["all"]));
  if (status["paused"].get<bool>()) std::printf("  paused      yes\n");
  if (const auto why = status["why_idle"].get<std::string>(); !why.empty())
    std::printf("  why idle    %s\n", why.c_str());
  if (const auto why = status.value("why_no_programs", std::string()); !why.empty())
    std::printf("  programs    none run here: %s\n", why.c_str());
  const Json& tasks = status["tasks"];
  std::printf("  tasks       %lld in hand, %lld finished, %lld failed\n", number(tasks["in_hand"]),
              number(tasks["finished"]), number(tasks["failed"]));
  std::printf("  accepted    %lld tasks, %.6f credits\n", number(tasks["accepted"]),
              status["credits_accepted"].get<double>());
  std::printf("  rejected    %lld tasks\n  pending     %lld tasks\n", number(tasks["rejected"]),
              number(tasks["pending"]));
}

}  // namespace

int run_join(const Command& command) {
  const auto token = read_token(command.token);
  if (!token) return fail(command, token.error());
  JoinRequest request{command.home, token.value(), command.settings};
  if (request.settings.name.empty()) request.settings.name = host_name();
  std::sort(request.settings.tags.begin(), request.settings.tags.end());
  const auto enrolled = join_region(request);
  if (!enrolled) return fail(command, enrolled.error());
  if (command.output == "json") {
    const Json json{{"version", 1},
                    {"agent", enrolled.value().agent.value()},
                    {"role", role_name(enrolled.value().role)},
                    {"home", command.home.string()}};
    std::printf("%s\n", json.dump().c_str());
  } else if (command.output == "quiet") {
    std::printf("%llu\n", static_cast<unsigned long long>(enrolled.value().agent.value()));
  } else {
    std::printf("joined as agent %llu (%s); start it: reeve agent run --home %s\n",
                static_cast<unsigned long long>(enrolled.value().agent.value()),
                role_name(enrolled.value().role), command.home.c_str());
  }
  return 0;
}

int run_status(const Command& command) {
  const auto reply = ask_agent(command.home, "status");
  if (!reply) return fail(command, reply.error());
  if (command.output == "json") {
    std::printf("%s\n", reply.value().c_str());
    return 0;
  }
  const Json status = Json::parse(reply.value(), nullptr, false);
  if (status.is_discarded())
    return fail(command,
                {ErrorCode::kCorrupt, "the agent's answer cannot be read", "is it of another version?"});
  if (command.output == "quiet") {
    std::printf("%lld\n", status["agent"].get<long long>());
  } else {
    print_status(status);
  }
  return 0;
}

int run_pause(const Command& command) {
  if (command.length.empty()) return say(command, "pause", "paused until `reeve agent resume`");
  const auto length = read_length(command.length);
  if (!length) return fail(command, length.error());
  return say(command, "pause " + std::to_string(length.value()), "paused");
}

int run_resume(const Command& command) {
  return say(command, "resume", "resumed");
}

Json programs_json(const Devices& devices) {
  Json programs = Json::array();
  for (const InstalledProgram& program : devices.programs)
    programs.push_back({{"name", program.name},
                        {"version", program.version},
                        {"path", program.path},
                        {"sha256", program.digest},
                        {"cycles", program.cycles}});
  return programs;
}

void print_programs(const Devices& devices) {
  const bool any = devices.sandbox_note.empty();
  std::printf("programs %s\n",
              any ? "run here, in a sandbox" : ("do not run here: " + devices.sandbox_note).c_str());
  for (const InstalledProgram& program : devices.programs) {
    std::string cycles = program.name == "blender" ? ", Cycles on CPU" : "";
    for (const std::string& kind : program.cycles)
      cycles += " " + kind;
    std::printf("        %s %s%s (%s, sha256:%s)\n", program.name.c_str(), program.version.c_str(),
                cycles.c_str(), program.path.c_str(), program.digest.c_str());
  }
  for (const std::string& note : devices.program_notes)
    std::printf("        %s\n", note.c_str());
}

int run_devices(const Command& command) {
  const Devices devices = find_devices(sibling_program("reeve-worker").parent_path());
  if (command.output == "json") {
    Json gpus = Json::array();
    for (const Gpu& gpu : devices.gpus)
      gpus.push_back({{"name", gpu.name}, {"uuid", gpu.uuid}, {"memory_mib", gpu.memory_mib}});
    const Json json{{"version", 1},
                    {"cpu", devices.cpu_model},
                    {"isa", devices.isa},
                    {"cores", devices.cores},
                    {"threads", devices.threads},
                    {"memory_mib", devices.memory_mib},
                    {"gpus", gpus},
                    {"gpu_note", devices.gpu_note},
                    {"programs", programs_json(devices)},
                    {"runs_programs", devices.sandbox_note.empty()},
                    {"why_no_programs", devices.sandbox_note},
                    {"runs_images", devices.image_note.empty()},
                    {"why_no_images", devices.image_note}};
    std::printf("%s\n", json.dump().c_str());
    return 0;
  }
  std::printf("CPU     %s (%s), %u cores, %u threads\nmemory  %llu MiB\n", devices.cpu_model.c_str(),
              devices.isa.c_str(), devices.cores, devices.threads,
              static_cast<unsigned long long>(devices.memory_mib));
  for (const Gpu& gpu : devices.gpus)
    std::printf("GPU     %s, %llu MiB, %s\n", gpu.name.c_str(),
                static_cast<unsigned long long>(gpu.memory_mib), gpu.uuid.c_str());
  if (!devices.gpu_note.empty()) std::printf("GPU     none used: %s\n", devices.gpu_note.c_str());
  print_programs(devices);
  if (devices.sandbox_note.empty())
    std::printf("images  %s\n", devices.image_note.empty()
                                    ? "run here, as jobs bring them along"
                                    : ("do not run here: " + devices.image_note).c_str());
  return 0;
}

/// Results without a verdict: the region may ask to see them, and whoever cannot show them is paid nothing
/// and at fault. Of an agent that does not run, those that nobody acknowledged.
Result<std::uint64_t> results_awaited(const Command& command) {
  const auto reply = ask_agent(command.home, "status");
  if (reply) {
    const Json status = Json::parse(reply.value(), nullptr, false);
    const Json tasks = status.value("tasks", Json::object());
    return tasks.value("in_hand", std::uint64_t{0}) + tasks.value("unacknowledged", std::uint64_t{0}) +
           tasks.value("pending", std::uint64_t{0});
  }
  if (reply.error().code != ErrorCode::kUnreachable) return reply.error();
  const auto spool = Spool::open(command.home / "spool");
  if (!spool) return spool.error();
  std::uint64_t held = 0;
  for (const SpooledSection& section : spool.value()->sections())
    held += section.acked ? 0 : section.section.tasks.count;
  return held;
}

/// Stops a running agent, then puts its settings aside: without them the home belongs to no region any more.
int run_leave(const Command& command) {
  if (const auto settings = load_settings(command.home); !settings) return fail(command, settings.error());
  const auto awaited = results_awaited(command);
  if (!awaited) return fail(command, awaited.error());
  if (awaited.value() > 0 && !command.now)
    return fail(command, {ErrorCode::kConflict,
                          std::to_string(awaited.value()) + " tasks of this agent have no verdict yet",
                          "`reeve agent pause`, let it run until `reeve agent status` says 0 in hand and 0 "
                          "pending, then leave; or give them up with --now"});
  const auto stop = ask_agent(command.home, "stop");
  if (!stop && stop.error().code != ErrorCode::kUnreachable) return fail(command, stop.error());
  for (int i = 0; stop && i < 100; ++i) {
    if (!ask_agent(command.home, "status")) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  std::error_code error;
  for (const char* name : {"agent.toml", "transport.key", "identity.key"})
    std::filesystem::remove(command.home / name, error);
  std::filesystem::remove_all(command.home / "spool", error);
  if (error)
    return fail(command, {ErrorCode::kIo, "cannot remove this agent's files: " + error.message(), ""});
  if (command.output == "json")
    std::printf("%s\n", Json{{"version", 1}, {"left", command.home.string()}}.dump().c_str());
  if (command.output == "table")
    std::printf("left; the keys of %s are gone, and what it earned stays with its owner\n",
                command.home.c_str());
  return 0;
}

}  // namespace reeve::agent
