#include "scheduler/shell/region_server.h"

#include <spdlog/spdlog.h>

#include "protocol/key_files.h"
#include "protocol/limits.h"
#include "scheduler/shell/clock.h"
#include "scheduler/shell/folder_blob_store.h"
#include "scheduler/shell/housekeeper.h"
#include "scheduler/shell/http.h"
#include "scheduler/shell/ledger_http.h"
#include "scheduler/shell/ledger_journal.h"
#include "scheduler/shell/metrics_text.h"
#include "scheduler/shell/open_ledger.h"
#include "scheduler/shell/questions.h"
#include "scheduler/shell/recover.h"
#include "scheduler/shell/sqlite_journal.h"

namespace reeve::shell {
namespace {

constexpr int kControlSendQueue =
    100'000;                         // job updates are small and come in bursts; agents are held by credit
constexpr int kBulkSendQueue = 256;  // a window of chunks for each transfer of a key

net::SocketSettings control_settings() {
  net::SocketSettings settings;
  settings.max_message_bytes = limits::kControlMessageBytes;
  settings.send_queue_messages = kControlSendQueue;
  settings.receive_queue_messages = kControlSendQueue;
  return settings;
}

net::SocketSettings bulk_settings() {
  net::SocketSettings settings;
  settings.max_message_bytes = bulk::kMessageBytes;
  settings.send_queue_messages = kBulkSendQueue;
  settings.receive_queue_messages = kBulkSendQueue;
  return settings;
}

Error name_setting(Error error) {
  error.hint += "; `listen` in region.toml sets it, and bulk data is on the next one";
  return error;
}

}  // namespace

/// In the order in which they are made; they end the other way round.
struct RegionServer::Parts {
  explicit Parts(RegionDir d) : dir(std::move(d)) {}

  RegionDir dir;
  Time started = wall_now();
  Metrics metrics;
  std::unique_ptr<SqliteJournal> journal;
  std::unique_ptr<FolderBlobStore> store;
  std::shared_ptr<net::Admission> admission;
  std::unique_ptr<KeyBook> keys;
  std::unique_ptr<BlobKeeper> blobs;
  Uploads uploads;
  LoopTasks tasks;
  std::unique_ptr<core::Core> core;
  std::uint64_t next_seq = 1;
  std::unique_ptr<ViewDatabase> view_database;
  std::unique_ptr<LogKeeper> logs;
  std::unique_ptr<LedgerLog> ledger_log;  // these four: null where no transparent log is kept
  std::unique_ptr<LedgerKeeper> ledger;
  std::unique_ptr<LedgerJournal> ledger_journal;
  std::unique_ptr<LedgerHttp> ledger_http;
  std::unique_ptr<GroupCommit> commits;
  std::unique_ptr<View> view;
  net::Context context;
  std::unique_ptr<net::ZapHandler> zap;
  std::optional<net::ServerSocket> control;
  std::unique_ptr<Api> bulk_api;  // used by the bulk thread alone
  std::unique_ptr<BulkServer> bulk;
  std::uint16_t bulk_port = 0;
  std::unique_ptr<Questions> questions;
  std::mutex http_mutex;
  std::unique_ptr<Api> http_api;
  std::unique_ptr<HttpServer> http;
  std::unique_ptr<Housekeeper> housekeeper;
  std::unique_ptr<Loop> loop;
  std::atomic<bool> stop{false};
  net::Wakeup stop_wakeup;

  Result<void> open_storage();
  Result<void> open_logs();
  Result<void> open_ledger_log();
  Result<void> follow_policy(Recovered& recovered);
  Result<void> open_sockets();
  Result<void> serve_ledger();
  Result<void> open_readers();
  void start_threads();
  void boot();
  Result<std::unique_ptr<Api>> open_api();
  HttpServer::Pages pages();
  std::string logs_path() const { return (dir.logs() / "logs.db").string(); }
};

Result<void> RegionServer::Parts::open_storage() {
  Result<std::unique_ptr<SqliteJournal>> opened = SqliteJournal::open(dir.journal());
  if (!opened) return opened.error();
  journal = std::move(*opened);
  Result<std::unique_ptr<FolderBlobStore>> folder = FolderBlobStore::open(dir.blobs());
  if (!folder) return folder.error();
  store = std::move(*folder);
  Result<std::unique_ptr<ViewDatabase>> database = ViewDatabase::open(dir.view(), journal->last_seq());
  if (!database) return database.error();
  const std::int64_t begin_ns = steady_ns();
  Result<Recovered> recovered = recover(*journal, std::move(*database));
  if (!recovered) return recovered.error();
  spdlog::info("recovered {} events ({} after the snapshot) in {} ms", recovered->seq, recovered->replayed,
               (steady_ns() - begin_ns) / 1'000'000);
  if (Result<void> done = follow_policy(*recovered); !done) return done;
  next_seq = recovered->seq + 1;
  admission = std::make_shared<net::Admission>(dir.settings.strangers_per_minute);
  keys = std::make_unique<KeyBook>(admission);
  keys->load(recovered->state());
  blobs = std::make_unique<BlobKeeper>(*store, dir.settings.disk_reserve_mib << 20,
                                       dir.settings.upload_quota_mib << 20);
  blobs->load(recovered->state());
  core = std::make_unique<core::Core>(recovered->state(), dir.secret.bytes());
  view_database = std::move(recovered->view);
  return {};
}

Result<void> RegionServer::Parts::open_logs() {
  std::error_code error;
  std::filesystem::create_directory(dir.logs(), error);
  if (error) return system_error(dir.logs().string(), error.value());
  LogStore::Bounds bounds;
  bounds.all_bytes = dir.settings.log_mib << 20;
  bounds.job_bytes = bounds.all_bytes / 4;
  bounds.log_bytes = std::min(bounds.log_bytes, bounds.job_bytes);
  Result<std::unique_ptr<LogStore>> opened = LogStore::open(logs_path(), bounds);
  if (!opened) return opened.error();
  logs = std::make_unique<LogKeeper>(
      std::move(*opened), [this] { return blobs->check_reserve().ok(); },
      hours(24 * std::int64_t{dir.settings.retention_days}));
  return {};
}

Result<void> RegionServer::Parts::open_ledger_log() {
  if (dir.settings.ledger_log == 0) return {};
  const Result<Identity> key = load_or_make_log_key(dir.path);
  if (!key) return key.error();
  const std::int64_t begin_ns = steady_ns();
  const LedgerPlace place{dir.ledger(), dir.ledger() / "checkpoint", dir.server_key.public_key(), *key};
  Result<OpenedLedger> opened = open_ledger(*journal, place);
  if (!opened) return opened.error();
  spdlog::info("the transparent log has {} entries (those of {} events were made again in {} ms)",
               opened->log->head().tree.size(), opened->derived, (steady_ns() - begin_ns) / 1'000'000);
  ledger_log = std::move(opened->log);
  ledger = std::make_unique<LedgerKeeper>(std::move(opened->store), place.published, ledger_log->verifier());
  ledger_journal = std::make_unique<LedgerJournal>(
      *journal, *ledger_log, [this](LogBatch batch) { ledger->push(std::move(batch)); });
  return {};
}

/// A policy that region.toml changed is journaled before anything is decided by it.
Result<void> RegionServer::Parts::follow_policy(Recovered& recovered) {
  if (recovered.seq == 0)
    return Error{ErrorCode::kCorrupt, dir.journal() + " is empty", "restore it from a backup"};
  if (recovered.state().policy == dir.settings.policy) return {};
  const core::Event event{core::PolicyChanged{dir.settings.policy}};
  JournalRow row{recovered.seq + 1, 1, {}};
  frame_event(row.events, core::encode_event(event));
  if (Result<void> done = journal->append(std::span(&row, 1)); !done) return done;
  if (Result<void> done = recovered.view->begin(); !done) return done;
  if (Result<void> done = recovered.view->record(++recovered.seq, event); !done) return done;
  spdlog::info("the policy of region.toml is in force from event {} on", recovered.seq);
  return recovered.view->commit();
}

Result<void> RegionServer::Parts::open_sockets() {
  Result<std::unique_ptr<net::ZapHandler>> handler = net::ZapHandler::start(context, admission);
  if (!handler) return handler.error();
  zap = std::move(*handler);
  const RegionSettings& s = dir.settings;
  Result<net::ServerSocket> bound =
      net::ServerSocket::bind(context, s.host, s.port, dir.server_key, control_settings());
  if (!bound) return name_setting(bound.error());
  control.emplace(std::move(*bound));
  const auto wanted_bulk = static_cast<std::uint16_t>(s.port == 0 ? 0 : s.port + 1);
  Result<net::ServerSocket> bulk_socket =
      net::ServerSocket::bind(context, s.host, wanted_bulk, dir.server_key, bulk_settings());
  if (!bulk_socket) return name_setting(bulk_socket.error());
  bulk_port = bulk_socket->port();
  const auto is_result_of = [this](const Digest& digest, PartyId requester) {
    return bulk_api->is_result_of(digest, requester);
  };
  const auto needs_input = [this](AgentId agent, const Digest& digest) {
    std::optional<bool> needed;
    tasks.ask([&](const core::Core& live) { needed = live.needs_input(agent, digest); });
    return needed;
  };
  Result<std::unique_ptr<HttpServer>> http_server = HttpServer::start(s.http_port, pages());
  if (!http_server) return http_server.error();
  http = std::move(*http_server);
  if (Result<void> done = serve_ledger(); !done) return done;
  bulk = std::make_unique<BulkServer>(std::move(*bulk_socket),
                                      BulkServer::Parts{*keys, *blobs, uploads, is_result_of, needs_input});
  return {};
}

Result<void> RegionServer::Parts::serve_ledger() {
  if (!ledger) return {};
  Result<std::unique_ptr<LedgerHttp>> served =
      LedgerHttp::start(dir.settings.ledger_host, dir.settings.ledger_port, *ledger);
  if (!served) return served.error();
  ledger_http = std::move(*served);
  return {};
}

Result<std::unique_ptr<Api>> RegionServer::Parts::open_api() {
  return Api::open(
      {*view, tasks, dir.view(), to_hex(dir.server_key.public_key().bytes), started, *logs, logs_path()});
}

HttpServer::Pages RegionServer::Parts::pages() {
  HttpServer::Pages pages;
  pages.metrics = [this] { return metrics_text(metrics, *commits, *view, *bulk, *logs); };
  pages.api = [this](const std::string& target, int& status) {
    const std::lock_guard lock(http_mutex);
    view->wait_for(commits->committed_seq(), Questions::kPatience);
    return http_api->answer({Role::kOperator, PartyId(1), {}}, target, status);
  };
  return pages;
}

Result<void> RegionServer::Parts::open_readers() {
  Result<std::unique_ptr<Api>> for_bulk = open_api();
  if (!for_bulk) return for_bulk.error();
  bulk_api = std::move(*for_bulk);
  Result<std::unique_ptr<Api>> for_peers = open_api();
  if (!for_peers) return for_peers.error();
  questions = std::make_unique<Questions>(std::move(*for_peers), *view, tasks);
  Result<std::unique_ptr<Api>> for_http = open_api();
  if (!for_http) return for_http.error();
  http_api = std::move(*for_http);
  Result<std::unique_ptr<Api>> for_keeping = open_api();
  if (!for_keeping) return for_keeping.error();
  housekeeper = std::make_unique<Housekeeper>(std::move(*for_keeping), *blobs,
                                              hours(24 * std::int64_t{dir.settings.retention_days}));
  return {};
}

/// Writer and view point at one another: the writer hands on what it made durable, the view hands back
/// snapshots. The view comes second and ends first, after the writer had its last word.
void RegionServer::Parts::start_threads() {
  Journal& written = ledger_journal ? static_cast<Journal&>(*ledger_journal) : *journal;
  commits = std::make_unique<GroupCommit>(
      written, [this](const std::vector<SharedBatch>& batches) { view->push(batches); });
  view_database->on_purged([this](JobId job, const std::vector<Digest>& results) {
    for (const Digest& digest : results)
      blobs->doom(digest);
    logs->forget(job);
  });
  view_database->on_spent([this](const std::vector<Digest>& results) { blobs->doom_spent(results); });
  view = std::make_unique<View>(std::move(view_database),
                                [this](SnapshotPart& part) { return commits->put_snapshot_part(part); });
}

void RegionServer::Parts::boot() {
  const Loop::Parts parts{*core,
                          *commits,
                          *control,
                          *keys,
                          *blobs,
                          uploads,
                          tasks,
                          metrics,
                          [this](PeerQuestion question) { return questions->put(std::move(question)); },
                          dir.settings.log_mib > 0 ? logs.get() : nullptr};
  loop = std::make_unique<Loop>(
      parts, Loop::Settings{core->durable().name, dir.server_key.public_key(), bulk_port, next_seq});
  core::StepOutput output;
  core->boot(wall_now(), output);
  loop->take_in(output);
}

RegionServer::RegionServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
RegionServer::~RegionServer() {
  parts_->tasks.close();
  parts_->housekeeper.reset();
  parts_->http.reset();
  parts_->ledger_http.reset();
  parts_->questions.reset();
  parts_->bulk.reset();
  if (parts_->commits) parts_->commits->flush();
  if (parts_->view) parts_->view->finish();
  parts_->commits.reset();
}

Result<std::unique_ptr<RegionServer>> RegionServer::start(RegionDir dir) {
  std::unique_ptr<RegionServer> server(new RegionServer(std::make_unique<Parts>(std::move(dir))));
  Parts& parts = *server->parts_;
  if (Result<void> done = parts.open_storage(); !done) return done.error();
  if (Result<void> done = parts.open_logs(); !done) return done.error();
  if (Result<void> done = parts.open_ledger_log(); !done) return done.error();
  parts.start_threads();
  if (Result<void> done = parts.open_readers(); !done) return done.error();
  if (Result<void> done = parts.open_sockets(); !done) return done.error();
  parts.boot();
  return server;
}

void RegionServer::run() {
  parts_->loop->run(parts_->stop, parts_->stop_wakeup);
}

void RegionServer::stop() {
  parts_->stop = true;
  parts_->stop_wakeup.wake();
}

std::uint16_t RegionServer::port() const {
  return parts_->control->port();
}
std::uint16_t RegionServer::bulk_port() const {
  return parts_->bulk_port;
}
std::uint16_t RegionServer::http_port() const {
  return parts_->http->port();
}
std::uint16_t RegionServer::ledger_port() const {
  return parts_->ledger_http ? parts_->ledger_http->port() : 0;
}

}  // namespace reeve::shell
