#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "protocol/digest.h"
#include "tests/scheduler/shell/region_fixture.h"

namespace reeve::shell {
namespace {

class Bulk : public RegionFixture {
 protected:
  /// Uploads an input as the requester; its name.
  Digest put_input(const Bytes& bytes) {
    const Digest name = sha256(bytes);
    net::ClientSocket socket = bulk_socket(requester_.transport);
    const std::optional<bulk::Status> stored = put(socket, bytes, bulk::PutBlob{name, bytes.size()});
    EXPECT_TRUE(stored.has_value());
    if (stored && stored->error) ADD_FAILURE() << stored->error->message;
    return name;
  }
  /// Why an upload of these bytes is refused.
  Error refusal(const Bytes& bytes) {
    net::ClientSocket socket = bulk_socket(requester_.transport);
    const std::optional<bulk::Status> status = put(socket, bytes, bulk::PutBlob{sha256(bytes), bytes.size()});
    if (status && status->error) return *status->error;
    ADD_FAILURE() << "it was taken";
    return {};
  }
  bool may_get(const Member& member, const Digest& name) {
    net::ClientSocket socket = bulk_socket(member.transport);
    const std::optional<bulk::Message> answer = get(socket, name);
    EXPECT_TRUE(answer.has_value());
    return answer && std::holds_alternative<bulk::Chunk>(answer->body);
  }
  void serve_again(const std::function<void(RegionSettings&)>& change) {
    stop();
    const std::filesystem::path file = std::filesystem::path(dir_) / "region.toml";
    Result<RegionSettings> settings = load_settings(file);
    ASSERT_TRUE(settings.ok());
    change(*settings);
    std::ofstream(file) << settings_text(*settings);
    start();
  }
};

TEST_F(Bulk, AnAgentReadsTheInputsOfItsLeasesAndNoOthers) {
  assemble();
  const Bytes scene(70'000, 7);
  const Digest name = put_input(scene);
  const Digest other = put_input(Bytes(10, 1));
  EXPECT_FALSE(may_get(agent_, name)) << "no job names it yet";
  const JobId job = submit(1, {name});
  net::ClientSocket socket = bulk_socket(agent_.transport);
  const std::optional<bulk::Message> chunk = get(socket, name);
  ASSERT_TRUE(chunk.has_value());
  EXPECT_EQ(std::get<bulk::Chunk>(chunk->body).data, scene);
  Member idle = agent_of(owner_);
  introduce(idle, 0);
  EXPECT_FALSE(may_get(idle, name)) << "it has no lease";
  EXPECT_FALSE(may_get(agent_, other));
  run_job(job, 1);
  EXPECT_FALSE(may_get(agent_, name)) << "its lease is over";
  EXPECT_TRUE(may_get(requester_, name));
}

TEST_F(Bulk, AnAgentThatAsksBeforeItSaysWhatItHoldsIsAnsweredAfterwards) {
  assemble();
  const Digest name = put_input(Bytes(100, 7));
  submit(1, {name});
  const msg::Assignment held = assigned(agent_);
  agent_.peer.reset();
  stop();
  start();
  net::ClientSocket socket = bulk_socket(agent_.transport);
  socket.send(bulk::encode({5, bulk::GetBlob{name, 0, 4}}), seconds(10));
  agent_.peer = connect(agent_.transport);
  agent_.peer->hello();
  introduce(agent_, 1000, {{held.attempt, held.step, held.tasks, held.replica, held.ticket}});
  const std::optional<bulk::Message> answer = bulk_receive(socket);
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(std::holds_alternative<bulk::Chunk>(answer->body));
}

TEST_F(Bulk, ARootedResultIsAskedForCheckedStoredAndFetched) {
  assemble();
  const JobId job = submit(1, {}, 100'000);
  agent_.peer->send(signed_report(agent_, assigned(agent_), true));
  const std::optional<msg::UploadRequest> asked = agent_.peer->expect<msg::UploadRequest>();
  ASSERT_TRUE(asked.has_value());
  net::ClientSocket agent_bulk = bulk_socket(agent_.transport);
  const Bytes result = result_of(job, 0);
  const bulk::PutResult opening{asked->attempt, asked->step, asked->task, result.size()};
  const std::optional<bulk::Status> stored = put(agent_bulk, result, opening);
  ASSERT_TRUE(stored.has_value());
  EXPECT_FALSE(stored->error.has_value()) << stored->error->message;
  await_end(job, 1);
  const msg::ResultPage page = fetch(*requester_.peer, job);
  ASSERT_EQ(page.rows.size(), 1U);
  EXPECT_EQ(page.rows[0].blobs, std::vector{sha256(result)});
}

TEST_F(Bulk, AnUploadGoesOnAfterARestartWhereItStopped) {
  assemble();
  Bytes scene(400'000, 3);
  scene[399'999] = 9;
  const Digest name = sha256(scene);
  const bulk::PutBlob opening{name, scene.size()};
  {
    net::ClientSocket socket = bulk_socket(requester_.transport);
    socket.send(bulk::encode({1, opening}), seconds(10));
    ASSERT_TRUE(std::holds_alternative<bulk::ChunkAck>(bulk_receive(socket)->body));
    socket.send(bulk::encode({1, bulk::Chunk{0, Bytes(200'000, 3), false}}), seconds(10));
    socket.send(bulk::encode({1, opening}), seconds(10));  // its answer says that the chunk is there
    ASSERT_TRUE(std::holds_alternative<bulk::ChunkAck>(bulk_receive(socket)->body));
  }
  stop();
  start();
  net::ClientSocket socket = bulk_socket(requester_.transport);
  socket.send(bulk::encode({1, opening}), seconds(10));
  const std::optional<bulk::Message> answer = bulk_receive(socket);
  ASSERT_TRUE(answer.has_value());
  ASSERT_TRUE(std::holds_alternative<bulk::ChunkAck>(answer->body));
  EXPECT_EQ(std::get<bulk::ChunkAck>(answer->body).received, 200'000U);
  const std::optional<bulk::Status> stored = put(socket, scene, opening);
  ASSERT_TRUE(stored.has_value());
  EXPECT_FALSE(stored->error.has_value());
}

class SmallQuota : public Bulk {
  void adjust(RegionSettings& settings) override { settings.upload_quota_mib = 1; }
};

TEST_F(SmallQuota, BlobsThatNoJobNamesCountAndNamedOnesDoNot) {
  assemble();
  const Digest first = put_input(Bytes(200'000, 1));
  for (std::uint8_t i = 2; i < 6; ++i)
    put_input(Bytes(200'000, i));
  const Error error = refusal(Bytes(200'000, 9));
  EXPECT_EQ(error.code, ErrorCode::kExhausted);
  EXPECT_NE(error.message.find("size:"), std::string::npos);
  EXPECT_NE(error.message.find("the quota is 1 MiB"), std::string::npos);
  EXPECT_NE(error.hint.find("upload_quota_mib"), std::string::npos);
  submit(1, {first});
  put_input(Bytes(200'000, 9));
}

TEST_F(SmallQuota, OnePartysBlobsDoNotCountAgainstAnother) {
  assemble();
  for (std::uint8_t i = 1; i < 6; ++i)
    put_input(Bytes(200'000, i));
  Member other = enrol(Role::kRequester, *operator_, nullptr);
  net::ClientSocket socket = bulk_socket(other.transport);
  const Bytes bytes(200'000, 9);
  const std::optional<bulk::Status> stored = put(socket, bytes, bulk::PutBlob{sha256(bytes), bytes.size()});
  ASSERT_TRUE(stored.has_value());
  EXPECT_FALSE(stored->error.has_value());
}

TEST_F(Bulk, BelowTheReserveNewWorkIsRefusedByNameAndRunningWorkGoesOn) {
  assemble();
  const JobId job = submit(5);
  agent_.peer.reset();
  requester_.peer.reset();
  serve_again([](RegionSettings& settings) { settings.disk_reserve_mib = 1 << 30; });
  requester_.peer = connect(requester_.transport);
  requester_.peer->hello();
  requester_.peer->send(msg::Subscribe{job, true});

  const Error blob = refusal(Bytes(10, 1));
  msg::SubmitJob more;
  more.spec.steps.emplace_back();
  const msg::Reply answer = requester_.peer->command(more);
  const auto* refused = std::get_if<Error>(&answer.body);
  ASSERT_NE(refused, nullptr);
  for (const Error& error : {blob, *refused}) {
    EXPECT_EQ(error.code, ErrorCode::kExhausted);
    EXPECT_NE(error.message.find("below its reserve of"), std::string::npos);
    EXPECT_NE(error.hint.find("disk_reserve_mib"), std::string::npos);
  }
  agent_.peer = connect(agent_.transport);
  agent_.peer->hello();
  introduce(agent_, 1000);
  run_job(job, 5);
}

}  // namespace
}  // namespace reeve::shell
