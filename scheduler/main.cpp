#include <signal.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>

#include "protocol/digest.h"
#include "protocol/exit_codes.h"
#include "scheduler/shell/audit.h"
#include "scheduler/shell/region_server.h"
#include "scheduler/shell/service_manager.h"

namespace {

using namespace reeve;
using namespace reeve::shell;

using Json = nlohmann::ordered_json;

bool g_json = false;  // what --output asks for; set once, before anything is said

void say(const Json& json) {
  std::printf("%s\n", json.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
}

int fail(const Error& error) {
  if (g_json) {
    say({{"version", 1},
         {"error",
          {{"code", error_code_name(error.code)}, {"message", error.message}, {"hint", error.hint}}}});
    return exit_code_of(error.code);
  }
  std::fprintf(stderr, "reeve-scheduler: %s\n", error.message.c_str());
  if (!error.hint.empty()) std::fprintf(stderr, "  %s\n", error.hint.c_str());
  return exit_code_of(error.code);
}

int init(const std::string& dir, const std::string& name, const std::string& listen,
         std::uint16_t http_port) {
  RegionSettings settings;
  settings.name = name.empty() ? std::filesystem::absolute(dir).lexically_normal().filename().string() : name;
  if (settings.name.empty()) settings.name = "region";
  if (const Result<void> done = parse_listen(listen, settings); !done) return fail(done.error());
  settings.http_port = http_port != 0 ? http_port : static_cast<std::uint16_t>(settings.port + 2);
  settings.ledger_port = static_cast<std::uint16_t>(settings.port + 3);
  if (const Result<void> done = init_region(dir, settings); !done) return fail(done.error());
  if (g_json) {
    say({{"version", 1}, {"region", {{"name", settings.name}, {"folder", dir}}}});
    return kExitOk;
  }
  std::printf("region '%s' is made in %s\nnext: reeve region serve %s\n", settings.name.c_str(), dir.c_str(),
              dir.c_str());
  return 0;
}

/// Blocks the signals that end a region before any thread is made, so that one thread waits for them.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

int serve(const std::string& path) {
  const sigset_t signals = block_signals();
  Result<RegionDir> dir = open_region(path);
  if (!dir) return fail(dir.error());
  const RegionSettings settings = dir->settings;
  Result<std::unique_ptr<RegionServer>> server = RegionServer::start(std::move(*dir));
  if (!server) return fail(server.error());
  if (g_json) {
    say({{"version", 1},
         {"region",
          {{"name", settings.name},
           {"host", settings.host},
           {"port", (*server)->port()},
           {"http_port", (*server)->http_port()},
           {"ledger_port", (*server)->ledger_port()}}}});
  } else {
    std::printf("region '%s' serves %s:%u, HTTP on 127.0.0.1:%u\n", settings.name.c_str(),
                settings.host.c_str(), (*server)->port(), (*server)->http_port());
  }
  std::fflush(stdout);
  notify_service_manager("READY=1");
  std::thread waiter([&] {
    int signal = 0;
    sigwait(&signals, &signal);
    notify_service_manager("STOPPING=1");
    (*server)->stop();
  });
  (*server)->run();
  waiter.join();
  server->reset();
  if (!g_json) std::printf("region '%s' stopped; everything is stored\n", settings.name.c_str());
  return 0;
}

int audit(const std::string& path) {
  const Result<AuditReport> report = audit_region(path);
  if (!report) {
    if (!g_json) std::printf("ledger: NOT verified\n");
    return fail(report.error());
  }
  if (g_json) {
    say({{"version", 1},
         {"audit",
          {{"ok", true},
           {"events", report->events},
           {"jobs", report->jobs},
           {"tasks_settled", report->settled_tasks},
           {"accounts", report->accounts},
           {"snapshot_compared", report->snapshot_compared},
           {"log_entries", report->log_entries},
           {"log_root", to_hex(report->log_root)},
           {"chain", to_hex(report->chain)},
           {"state", to_hex(report->state)}}}});
    return kExitOk;
  }
  std::printf(
      "ledger: verified\n  events    %llu\n  jobs      %llu\n  tasks     %llu settled\n  accounts  %llu\n"
      "  log       %llu entries, as signed\n  snapshot  %s\n  chain     %s\n  state     %s\n",
      static_cast<unsigned long long>(report->events), static_cast<unsigned long long>(report->jobs),
      static_cast<unsigned long long>(report->settled_tasks),
      static_cast<unsigned long long>(report->accounts), static_cast<unsigned long long>(report->log_entries),
      report->snapshot_compared ? "agrees" : "none yet", to_hex(report->chain).c_str(),
      to_hex(report->state).c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The scheduler of a Reeve region");
  app.require_subcommand(1);
  std::string output = "table";
  app.add_option("--output", output, "table, json or quiet")
      ->check(CLI::IsMember({"table", "json", "quiet"}));
  std::string dir;
  std::string name;
  std::string listen = "127.0.0.1:7700";
  std::uint16_t http_port = 0;
  CLI::App* init_command = app.add_subcommand("init", "Make a region in a folder");
  init_command->add_option("DIR", dir)->required();
  init_command->add_option("--name", name, "what people call it; the folder's name otherwise");
  init_command->add_option("--listen", listen, "HOST:PORT of the control socket; bulk data on the next port");
  init_command->add_option("--http-port,--http", http_port,
                           "on 127.0.0.1; two above the control port otherwise");
  CLI::App* serve_command = app.add_subcommand("serve", "Run the region until SIGTERM or Ctrl-C");
  serve_command->add_option("DIR", dir)->required();
  CLI::App* audit_command =
      app.add_subcommand("audit", "Replay the journal from its first event and check the books");
  audit_command->add_option("DIR", dir)->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  g_json = output == "json";
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
  if (init_command->parsed()) return init(dir, name, listen, http_port);
  if (serve_command->parsed()) return serve(dir);
  return audit(dir);
}
