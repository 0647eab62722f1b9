#include "scheduler/shell/http.h"

#include <httplib.h>

#include <atomic>
#include <thread>

namespace reeve::shell {
namespace {

constexpr std::size_t kThreads = 2;
constexpr time_t kTimeout_s = 5;

}  // namespace

struct HttpServer::Impl {
  httplib::Server server;
  Pages pages;
  std::uint16_t port = 0;
  std::atomic<bool> over{false};  // the thread serves no longer, or never could
  std::thread thread;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

std::uint16_t HttpServer::port() const {
  return impl_->port;
}

HttpServer::~HttpServer() {
  if (!impl_->thread.joinable()) return;
  // A stop before the thread serves would be lost, and the thread would serve for ever.
  while (!impl_->server.is_running() && !impl_->over)
    std::this_thread::yield();
  impl_->server.stop();
  impl_->thread.join();
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(std::uint16_t port, Pages pages) {
  std::unique_ptr<HttpServer> http(new HttpServer(std::make_unique<Impl>()));
  Impl& impl = *http->impl_;
  impl.pages = std::move(pages);
  httplib::Server& server = impl.server;
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server.set_read_timeout(kTimeout_s);
  server.set_write_timeout(kTimeout_s);
  server.set_payload_max_length(0);
  // Without SO_REUSEPORT, which would let two regions share a port in silence.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  server.Get("/healthz",
             [](const httplib::Request&, httplib::Response& out) { out.set_content("ok\n", "text/plain"); });
  server.Get("/metrics", [&impl](const httplib::Request&, httplib::Response& out) {
    out.set_content(impl.pages.metrics(), "text/plain; version=0.0.4");
  });
  server.Get("/api/.*", [&impl](const httplib::Request& in, httplib::Response& out) {
    int status = 200;
    const std::string body = impl.pages.api(in.target, status);
    out.status = status;
    out.set_content(body, "application/json");
  });
  if (port == 0) {
    impl.port = static_cast<std::uint16_t>(server.bind_to_any_port("127.0.0.1"));
  } else if (server.bind_to_port("127.0.0.1", port)) {
    impl.port = port;
  } else {
    return Error{ErrorCode::kConflict, "port " + std::to_string(port) + " of 127.0.0.1 is in use",
                 "stop what uses it, or set another http_port in region.toml"};
  }
  impl.thread = std::thread([&impl] {
    impl.server.listen_after_bind();
    impl.over = true;
  });
  return http;
}

}  // namespace reeve::shell
