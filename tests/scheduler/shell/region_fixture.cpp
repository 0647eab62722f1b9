#include "tests/scheduler/shell/region_fixture.h"

#include "protocol/commitment.h"
#include "protocol/digest.h"
#include "protocol/invitation.h"
#include "protocol/leaves.h"
#include "scheduler/shell/clock.h"

namespace reeve::shell {
namespace {

constexpr Duration kPatience = seconds(10);

net::SocketSettings client_settings(std::size_t most_bytes) {
  net::SocketSettings settings;
  settings.max_message_bytes = most_bytes;
  return settings;
}

void put_big_endian(std::uint64_t value, std::uint8_t* out) {
  for (int i = 0; i < 8; ++i)
    out[i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
}

}  // namespace

Peer::Peer(net::Context& context, std::uint16_t port, const TransportKey& server, const TransportPair& key) {
  Result<net::ClientSocket> socket = net::ClientSocket::connect(
      context, "127.0.0.1", port, server, key, client_settings(limits::kControlMessageBytes));
  EXPECT_TRUE(socket.ok());
  socket_.emplace(std::move(*socket));
  static std::uint64_t sessions = 0;
  session_ = ++sessions;
}

void Peer::send(const msg::Message& message) {
  send_raw(wire::encode(message));
}
void Peer::send_raw(ByteView bytes) {
  EXPECT_EQ(socket_->send(bytes, kPatience), net::Sent::kSent);
}

std::optional<msg::Message> Peer::receive() {
  const std::optional<net::Frame> bytes = socket_->receive(kPatience);
  if (!bytes) return std::nullopt;
  Result<msg::Message> message = wire::decode(*bytes);
  EXPECT_TRUE(message.ok());
  return std::move(*message);
}

msg::Reply Peer::reply() {
  if (replies_.empty()) {
    std::optional<msg::Replies> some = expect<msg::Replies>();
    if (!some) {
      ADD_FAILURE() << "no reply came";
      return {};
    }
    replies_ = std::move(some->replies);
  }
  msg::Reply first = std::move(replies_.front());
  replies_.erase(replies_.begin());
  return first;
}

msg::Welcome Peer::hello(std::uint32_t oldest, std::uint32_t newest) {
  send(msg::Hello{oldest, newest, "test"});
  const std::optional<msg::Welcome> welcome = expect<msg::Welcome>();
  EXPECT_TRUE(welcome.has_value());
  return welcome.value_or(msg::Welcome{});
}

msg::RequestId Peer::next_request() {
  msg::RequestId request{};
  put_big_endian(session_, request.data());
  put_big_endian(++counter_, request.data() + 8);
  return request;
}

msg::Reply Peer::command(decltype(msg::Command::body) body) {
  send(msg::Commands{{{next_request(), std::move(body)}}});
  return reply();
}

std::string Peer::query(const std::string& path) {
  send(msg::Query{next_request(), path});
  const msg::Reply answer = reply();
  const auto* json = std::get_if<msg::Json>(&answer.body);
  return json == nullptr ? "" : json->text;
}

void RegionFixture::SetUp() {
  RegionSettings settings;
  settings.name = "test";
  settings.disk_reserve_mib = 0;
  settings.policy.probation_tasks = 0;
  settings.policy.floor_ppm = 0;
  adjust(settings);
  const Result<void> made = init_region(dir_, settings);
  ASSERT_TRUE(made.ok()) << made.error().message;
  start();
}

void RegionFixture::start() {
  Result<RegionDir> dir = open_region(dir_);
  ASSERT_TRUE(dir.ok()) << dir.error().message;
  dir->settings.port = 0;  // any free one
  dir->settings.http_port = 0;
  dir->settings.ledger_port = 0;
  server_key_ = dir->server_key.public_key();
  Result<std::unique_ptr<RegionServer>> server = RegionServer::start(std::move(*dir));
  ASSERT_TRUE(server.ok()) << server.error().message;
  server_ = std::move(*server);
  thread_ = std::thread([this] { server_->run(); });
}

void RegionFixture::stop() {
  if (!server_) return;
  server_->stop();
  thread_.join();
  server_.reset();
}

std::unique_ptr<Peer> RegionFixture::connect(const TransportPair& key) {
  return std::make_unique<Peer>(context_, server_->port(), server_key_, key);
}

RegionFixture::Member RegionFixture::enrol(Role role, Peer& inviter, const Identity* delegator) {
  const Token token = make_token();
  msg::CreateToken create;
  create.role = role;
  create.token_id = token.id;
  create.secret_digest = secret_digest(token.secret);
  create.uses = 1;
  create.expires = wall_now() + hours(1);
  create.credits = role == Role::kRequester ? 1'000'000'000 : 0;
  if (delegator != nullptr)
    create.delegation = delegator->sign(
        delegation_digest(server_key_, token.id, create.secret_digest, create.uses, create.expires));
  const msg::Reply created = inviter.command(create);
  if (const auto* error = std::get_if<Error>(&created.body)) ADD_FAILURE() << error->message;
  Member member;
  member.peer = connect(member.transport);
  member.peer->hello();
  msg::Enrol enrol;
  enrol.request = member.peer->next_request();
  enrol.token = token_text(token);
  enrol.name = role_name(role);
  enrol.identity = member.identity.public_key();
  enrol.sequence = 1;
  enrol.not_after = wall_now() + hours(1000);
  enrol.binding = member.identity.sign(
      binding_digest(server_key_, member.transport.public_key(), enrol.sequence, enrol.not_after));
  member.peer->send(enrol);
  const msg::Reply answer = member.peer->reply();
  if (const auto* error = std::get_if<Error>(&answer.body)) ADD_FAILURE() << error->message;
  if (const auto* enrolled = std::get_if<msg::Enrolled>(&answer.body)) member.enrolled = *enrolled;
  return member;
}

RegionFixture::Member RegionFixture::agent_of(Member& owner) {
  return enrol(Role::kAgent, *owner.peer, &owner.identity);
}

void RegionFixture::introduce(Member& agent, std::uint64_t credit, std::vector<msg::HeldAttempt> held) {
  msg::AgentHello hello;
  hello.name = "agent";
  hello.slots = 1;
  hello.capability.cpus = 1;
  hello.capability.memory_mib = 1024;
  hello.capability.kernels = {{"sha256", 1}};
  hello.held = std::move(held);
  agent.peer->send(hello);
  agent.peer->send(msg::Credit{credit});
}

void RegionFixture::assemble() {
  Result<TransportPair> key = load_transport(std::filesystem::path(dir_) / "keys" / "operator.transport.key");
  ASSERT_TRUE(key.ok());
  operator_ = connect(*key);
  EXPECT_EQ(operator_->hello().role, Role::kOperator);
  requester_ = enrol(Role::kRequester, *operator_, nullptr);
  owner_ = enrol(Role::kOwner, *operator_, nullptr);
  agent_ = agent_of(owner_);
  introduce(agent_, 1000);
}

JobId RegionFixture::submit(std::uint32_t tasks, std::vector<Digest> inputs, std::uint64_t max_result_bytes,
                            const std::function<void(msg::SubmitJob&)>& change) {
  msg::SubmitJob job;
  job.spec.name = "hash";
  job.spec.verify.mode = VerifyMode::kNone;
  StepSpec step;
  step.name = "hash";
  step.task_count = tasks;
  step.need.kernel = {"sha256", 1};
  step.max_result_bytes = max_result_bytes;
  step.time_limit = seconds(60);
  step.inputs = std::move(inputs);
  job.spec.steps.push_back(step);
  job.notify = true;
  if (change) change(job);
  const msg::Reply answer = requester_.peer->command(job);
  if (const auto* error = std::get_if<Error>(&answer.body)) ADD_FAILURE() << error->message;
  const auto* accepted = std::get_if<msg::Accepted>(&answer.body);
  return accepted == nullptr ? JobId() : accepted->job;
}

Bytes RegionFixture::result_of(JobId job, TaskIndex task) {
  std::array<std::uint8_t, 12> bytes{};
  for (int i = 0; i < 8; ++i)
    bytes[i] = static_cast<std::uint8_t>(job.value() >> (8 * i));
  for (int i = 0; i < 4; ++i)
    bytes[8 + i] = static_cast<std::uint8_t>(task >> (8 * i));
  const Digest digest = sha256(bytes);
  return Bytes(digest.bytes.begin(), digest.bytes.end());
}

msg::Report RegionFixture::signed_report(Member& agent, const msg::Assignment& assignment,
                                         bool rooted) const {
  msg::Report report;
  msg::ReportSection section;
  section.attempt = assignment.attempt;
  section.step = assignment.step;
  section.tasks = assignment.tasks;
  section.kernel = {"sha256", 1};
  section.ticket = assignment.ticket;
  msg::InlineResults inline_results;
  msg::RootedResults rooted_results;
  for (TaskIndex task = assignment.tasks.first; task < assignment.tasks.end(); ++task) {
    const Bytes result = result_of(assignment.step.job, task);
    inline_results.sizes.push_back(static_cast<std::uint32_t>(result.size()));
    inline_results.payload.insert(inline_results.payload.end(), result.begin(), result.end());
    rooted_results.roots.push_back(result_root(result, 0));
    rooted_results.sizes.push_back(result.size());
  }
  if (rooted)
    section.outcome = rooted_results;
  else
    section.outcome = inline_results;
  report.sections.push_back(std::move(section));
  resign(agent, report);
  return report;
}

void RegionFixture::resign(Member& agent, msg::Report& report) const {
  std::vector<Digest> commitments;
  for (const msg::ReportSection& section : report.sections)
    commitments.push_back(
        section_commitment(server_key_, agent.enrolled.agent, section, *section_results(section, 0)));
  for (const msg::LeafReport& leaf : report.leaves)
    commitments.push_back(leaf_report_commitment(server_key_, agent.enrolled.agent, leaf));
  report.signature = sign_report(agent.identity, report_root(commitments));
}

msg::Report RegionFixture::leaf_report(Member& referee, const msg::LeafAssignment& asked) const {
  msg::Report report;
  const Bytes result = result_of(asked.step.job, asked.task);
  report.leaves.push_back({asked.attempt, asked.step, asked.task, asked.leaves, {result_root(result, 0)}});
  resign(referee, report);
  return report;
}

void RegionFixture::report(Member& agent, const msg::Assignment& assignment) {
  agent.peer->send(signed_report(agent, assignment, false));
}

msg::Assignment RegionFixture::assigned(Member& agent) {
  const std::optional<msg::Assign> assign = agent.peer->expect<msg::Assign>();
  if (assign && !assign->assignments.empty()) return assign->assignments.front();
  ADD_FAILURE() << "nothing was assigned";
  return {};
}

void RegionFixture::await_end(JobId job, std::uint64_t settled) {
  for (;;) {
    const std::optional<msg::JobUpdate> update = requester_.peer->expect<msg::JobUpdate>();
    ASSERT_TRUE(update.has_value());
    if (update->job != job || update->state == msg::JobState::kRunning ||
        update->state == msg::JobState::kQueued)
      continue;
    EXPECT_EQ(update->state, msg::JobState::kSucceeded);
    EXPECT_EQ(update->settled, settled);
    return;
  }
}

void RegionFixture::run_job(JobId job, std::uint64_t tasks) {
  std::uint64_t reported = 0;
  while (reported < tasks) {
    const std::optional<msg::Assign> assign = agent_.peer->expect<msg::Assign>();
    ASSERT_TRUE(assign.has_value());
    for (const msg::Assignment& assignment : assign->assignments) {
      report(agent_, assignment);
      reported += assignment.tasks.count;
    }
  }
  await_end(job, tasks);
}

msg::ResultPage RegionFixture::fetch(Peer& peer, JobId job) {
  peer.send(msg::FetchResults{peer.next_request(), {job, 0}, 0});
  msg::Reply answer = peer.reply();
  auto* page = std::get_if<msg::ResultPage>(&answer.body);
  return page == nullptr ? msg::ResultPage{} : std::move(*page);
}

net::ClientSocket RegionFixture::bulk_socket(const TransportPair& key) {
  Result<net::ClientSocket> socket = net::ClientSocket::connect(
      context_, "127.0.0.1", server_->bulk_port(), server_key_, key, client_settings(bulk::kMessageBytes));
  EXPECT_TRUE(socket.ok());
  return std::move(*socket);
}

std::optional<bulk::Message> RegionFixture::bulk_receive(net::ClientSocket& socket) {
  const std::optional<net::Frame> bytes = socket.receive(kPatience);
  if (!bytes) return std::nullopt;
  Result<bulk::Message> message = bulk::decode(*bytes);
  EXPECT_TRUE(message.ok());
  return std::move(*message);
}

std::optional<bulk::Status> RegionFixture::put(net::ClientSocket& socket, const Bytes& bytes,
                                               decltype(bulk::Message::body) opening) {
  socket.send(bulk::encode({1, std::move(opening)}), kPatience);
  for (;;) {
    std::optional<bulk::Message> message = bulk_receive(socket);
    if (!message) return std::nullopt;
    if (auto* status = std::get_if<bulk::Status>(&message->body)) return std::move(*status);
    const auto* ack = std::get_if<bulk::ChunkAck>(&message->body);
    if (ack == nullptr) continue;
    std::uint64_t sent = ack->received;
    while (sent < bytes.size()) {
      const std::size_t size = std::min<std::size_t>(limits::kBulkChunkBytes, bytes.size() - sent);
      const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(sent);
      Bytes part(from, from + static_cast<std::ptrdiff_t>(size));
      sent += size;
      socket.send(bulk::encode({1, bulk::Chunk{sent - size, std::move(part), sent == bytes.size()}}),
                  kPatience);
    }
  }
}

std::optional<bulk::Message> RegionFixture::get(net::ClientSocket& socket, const Digest& digest) {
  static std::uint64_t transfers = 100;
  socket.send(bulk::encode({++transfers, bulk::GetBlob{digest, 0, 4}}), kPatience);
  for (;;) {
    std::optional<bulk::Message> message = bulk_receive(socket);
    if (!message || message->transfer == transfers) return message;
  }
}

}  // namespace reeve::shell
