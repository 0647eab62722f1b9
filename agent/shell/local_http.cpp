#include "agent/shell/local_http.h"

#include <httplib.h>

#include <mutex>
#include <thread>

namespace reeve::agent {

struct LocalHttp::Server {
  httplib::Server http;
  std::mutex mutex;  // guards the two below
  std::string summary = "{}";
  bool healthy = false;
  std::thread thread;
};

LocalHttp::LocalHttp(std::unique_ptr<Server> server) : server_(std::move(server)) {}

Result<std::unique_ptr<LocalHttp>> LocalHttp::start(std::uint16_t port) {
  auto server = std::make_unique<Server>();
  Server& s = *server;
  s.http.new_task_queue = [] { return new httplib::ThreadPool(2); };
  s.http.Get("/1/summary", [&s](const httplib::Request&, httplib::Response& response) {
    const std::lock_guard lock(s.mutex);
    response.set_content(s.summary, "application/json");
  });
  s.http.Get("/healthz", [&s](const httplib::Request&, httplib::Response& response) {
    const std::lock_guard lock(s.mutex);
    response.status = s.healthy ? 200 : 503;
    response.set_content(s.healthy ? "connected\n" : "not connected\n", "text/plain");
  });
  if (!s.http.bind_to_port("127.0.0.1", port))
    return Error{ErrorCode::kConflict, "port " + std::to_string(port) + " on 127.0.0.1 is in use",
                 "choose another with --http"};
  s.thread = std::thread([&s] { s.http.listen_after_bind(); });
  return std::unique_ptr<LocalHttp>(new LocalHttp(std::move(server)));
}

LocalHttp::~LocalHttp() {
  while (!server_->http.is_running() && server_->thread.joinable())
    std::this_thread::yield();  // a stop before the start would be lost
  server_->http.stop();
  server_->thread.join();
}

void LocalHttp::show(std::string summary, bool healthy) {
  const std::lock_guard lock(server_->mutex);
  server_->summary = std::move(summary);
  server_->healthy = healthy;
}

}  // namespace reeve::agent
