#include "scheduler/shell/ledger_http.h"

#include <httplib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <thread>

#include "protocol/tlog/entry.h"
#include "protocol/tlog/receipt.h"

namespace reeve::shell {
namespace {

constexpr std::size_t kThreads = 4;
/// Connections that wait for a thread; further ones wait in the kernel, which bounds them too.
constexpr std::size_t kWaiting = 64;
constexpr time_t kTimeout_s = 5;
constexpr time_t kIdle_s = 2;
constexpr std::size_t kRequestsPerConnection = 1000;
constexpr int kNiceness = 10;
constexpr std::size_t kFoundPerRequest = 64;
/// Entries that one request is looked for in: some milliseconds; the answer says where to go on.
constexpr std::uint64_t kLookedPerRequest = 1'000'000;

/// As httplib's own, with a bound, and threads that the rest of the region goes before.
class BoundedPool final : public httplib::TaskQueue {
 public:
  BoundedPool() {
    for (std::size_t i = 0; i < kThreads; ++i)
      threads_.emplace_back([this] { run(); });
  }
  void enqueue(std::function<void()> work) override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stop_ || waiting_.size() < kWaiting; });
    waiting_.push_back(std::move(work));
    changed_.notify_all();
  }
  void shutdown() override {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_)
      thread.join();
  }

 private:
  void run() {
    setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), kNiceness);
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return stop_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      const std::function<void()> work = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      changed_.notify_all();
      work();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void refuse(httplib::Response& out, int status, const std::string& why) {
  out.status = status;
  out.set_content(why + "\n", "text/plain; charset=utf-8");
}

/// One answer, from what is published at this moment.
class Page {
 public:
  Page(const LedgerKeeper& keeper, httplib::Response& out)
      : store_(keeper.store()), published_(keeper.published()), out_(out) {
    if (!published_) refuse(out, 503, "nothing is published yet: ask again in a second");
  }

  void checkpoint() {
    if (!published_) return;
    out_.set_header("Cache-Control", "max-age=1");
    text(published_->checkpoint);
  }
  void vkey() {
    if (published_) text(tlog::vkey_text(published_->verifier) + "\n");
  }
  void tile(std::string_view path) {
    if (!published_) return;
    const std::optional<tlog::TileName> name = tlog::parse_tile_path(path);
    if (!name) return refuse(out_, 404, "no such file of a log");
    const std::uint64_t there =
        name->entries ? published_->size : tlog::hashes_at(name->level, published_->size);
    if (name->number > there / tlog::kTileWidth || name->number * tlog::kTileWidth + name->width > there)
      return refuse(out_, 404, "the log has not grown so far");
    const Result<Bytes> bytes = store_.tile(*name);
    if (!bytes) return refuse(out_, 500, bytes.error().message);
    out_.set_header("Cache-Control", "max-age=31536000, immutable");
    out_.set_content(std::string(bytes->begin(), bytes->end()), "application/octet-stream");
  }
  /// Indices and kinds of the entries about an attempt, newest first, a line each.
  void about(std::uint64_t attempt, std::optional<std::uint64_t> before) {
    if (!published_) return;
    const std::uint64_t end = std::min(before.value_or(published_->size), published_->size);
    const auto found = store_.entries_about(AttemptId(attempt), end, kFoundPerRequest, kLookedPerRequest);
    if (!found) return refuse(out_, 500, found.error().message);
    std::string lines;
    for (const std::uint64_t index : *found) {
      const Result<Bytes> bytes = store_.entry(index);
      if (!bytes) return refuse(out_, 500, bytes.error().message);
      const Result<tlog::Entry> entry = tlog::decode_entry(*bytes);
      lines += std::to_string(index) + " " + (entry ? tlog::entry_name(entry->body) : "unknown") + "\n";
    }
    std::uint64_t next = end > kLookedPerRequest ? end - kLookedPerRequest : 0;
    if (found->size() == kFoundPerRequest) next = found->back();
    if (next > 0) out_.set_header("Reeve-Before", std::to_string(next));
    text(lines);
  }
  void receipt(std::uint64_t index) {
    if (!published_) return;
    if (index >= published_->size) return refuse(out_, 404, "the log has not grown so far");
    Result<Bytes> entry = store_.entry(index);
    if (!entry) return refuse(out_, 500, entry.error().message);
    auto path = tlog::prove_inclusion(store_.subtrees(published_->size), index, published_->size);
    if (!path) return refuse(out_, 500, path.error().message);
    text(tlog::receipt_text({std::move(*entry), index, std::move(*path), published_->checkpoint}));
  }

 private:
  void text(const std::string& body) { out_.set_content(body, "text/plain; charset=utf-8"); }

  const LedgerStore& store_;
  const std::shared_ptr<const LedgerKeeper::Published> published_;
  httplib::Response& out_;
};

void add_pages(httplib::Server& server, const LedgerKeeper& keeper) {
  server.Get("/checkpoint",
             [&keeper](const httplib::Request&, httplib::Response& out) { Page(keeper, out).checkpoint(); });
  server.Get("/vkey",
             [&keeper](const httplib::Request&, httplib::Response& out) { Page(keeper, out).vkey(); });
  server.Get("/tile/.*", [&keeper](const httplib::Request& in, httplib::Response& out) {
    Page(keeper, out).tile(std::string_view(in.path).substr(1));
  });
  server.Get(R"(/about/(\d{1,20}))", [&keeper](const httplib::Request& in, httplib::Response& out) {
    const auto attempt = number_in(in.matches[1].str());
    const auto before = number_in(in.get_param_value("before"));
    if (!attempt || *attempt == 0) return refuse(out, 400, "ATTEMPT is the number of an attempt");
    Page(keeper, out).about(*attempt, before);
  });
  server.Get(R"(/receipt/(\d{1,20}))", [&keeper](const httplib::Request& in, httplib::Response& out) {
    const auto index = number_in(in.matches[1].str());
    if (!index) return refuse(out, 400, "INDEX is the number of an entry");
    Page(keeper, out).receipt(*index);
  });
}

}  // namespace

struct LedgerHttp::Impl {
  httplib::Server server;
  std::uint16_t port = 0;
  std::atomic<bool> over{false};  // the thread serves no longer, or never could
  std::thread thread;
};

LedgerHttp::LedgerHttp(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

std::uint16_t LedgerHttp::port() const {
  return impl_->port;
}

LedgerHttp::~LedgerHttp() {
  if (!impl_->thread.joinable()) return;
  // A stop before the thread serves would be lost, and the thread would serve for ever.
  while (!impl_->server.is_running() && !impl_->over)
    std::this_thread::yield();
  impl_->server.stop();
  impl_->thread.join();
}

Result<std::unique_ptr<LedgerHttp>> LedgerHttp::start(const std::string& host, std::uint16_t port,
                                                      const LedgerKeeper& keeper) {
  std::unique_ptr<LedgerHttp> http(new LedgerHttp(std::make_unique<Impl>()));
  Impl& impl = *http->impl_;
  httplib::Server& server = impl.server;
  server.new_task_queue = [] { return new BoundedPool(); };
  server.set_read_timeout(kTimeout_s);
  server.set_write_timeout(kTimeout_s);
  server.set_keep_alive_timeout(kIdle_s);
  server.set_keep_alive_max_count(kRequestsPerConnection);
  server.set_payload_max_length(0);
  // Without SO_REUSEPORT, which would let two regions share a port in silence.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  add_pages(server, keeper);
  if (port == 0) {
    impl.port = static_cast<std::uint16_t>(server.bind_to_any_port(host));
  } else if (server.bind_to_port(host, port)) {
    impl.port = port;
  } else {
    return Error{ErrorCode::kConflict, "port " + std::to_string(port) + " of " + host + " is in use",
                 "stop what uses it, or set another ledger_listen in region.toml"};
  }
  impl.thread = std::thread([&impl] {
    impl.server.listen_after_bind();
    impl.over = true;
  });
  return http;
}

}  // namespace reeve::shell
