#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "protocol/digest.h"
#include "scheduler/shell/audit.h"
#include "scheduler/shell/clock.h"
#include "scheduler/shell/http.h"
#include "tests/scheduler/shell/region_fixture.h"

namespace reeve::shell {
namespace {

using Json = nlohmann::json;

class Region : public RegionFixture {};

TEST_F(Region, AnArrayIsAssignedReportedSettledAndFetched) {
  assemble();
  const JobId job = submit(100);
  run_job(job, 100);
  const msg::ResultPage page = fetch(*requester_.peer, job);
  TaskIndex task = 0;
  for (const msg::ResultRow& row : page.rows) {
    std::size_t offset = 0;
    ASSERT_EQ(row.tasks.first, task);
    for (const std::uint32_t size : row.sizes) {
      EXPECT_EQ(Bytes(row.payload.begin() + static_cast<std::ptrdiff_t>(offset),
                      row.payload.begin() + static_cast<std::ptrdiff_t>(offset + size)),
                result_of(job, task));
      offset += size;
      ++task;
    }
  }
  EXPECT_EQ(task, 100U);
  EXPECT_FALSE(page.more);
}

TEST_F(Region, RowsOfALongArrayOfSmallResultsFitTheWire) {
  constexpr std::uint32_t kTasks = limits::kTasksPerSection + 100;
  assemble();
  agent_.peer->send(msg::Credit{limits::kCreditPerAgent});
  const JobId job = submit(kTasks);
  run_job(job, kTasks);
  std::uint32_t fetched = 0;
  for (const msg::ResultRow& row : fetch(*requester_.peer, job).rows)
    fetched += row.tasks.count;
  EXPECT_EQ(fetched, kTasks) << "a row that is too long is refused by whoever receives it";
}

TEST_F(Region, WhatWasSettledIsThereAfterARestartAndTheAuditVerifies) {
  assemble();
  const JobId job = submit(50);
  run_job(job, 50);
  stop();
  const Result<AuditReport> audit = audit_region(dir_);
  ASSERT_TRUE(audit.ok()) << audit.error().message;
  EXPECT_EQ(audit->settled_tasks, 50U);
  EXPECT_TRUE(audit->snapshot_compared);
  start();
  const std::unique_ptr<Peer> again = connect(requester_.transport);
  EXPECT_EQ(again->hello().boot_epoch, 2U);
  EXPECT_EQ(fetch(*again, job).next, 50U);
}

TEST_F(Region, AViewMadeAnewAnswersLikeTheOneThatWasKept) {
  assemble();
  const JobId job = submit(30);
  run_job(job, 30);
  const std::string path = "/api/v1/jobs/" + std::to_string(job.value()) + "/tasks?step=0&limit=30";
  const std::string kept = requester_.peer->query(path);
  stop();
  for (const char* suffix : {"", "-wal", "-shm"})
    std::filesystem::remove(dir_ + "/view.db" + suffix);
  start();
  const std::unique_ptr<Peer> again = connect(requester_.transport);
  again->hello();
  EXPECT_EQ(again->query(path), kept);
  EXPECT_NE(kept.find("\"agreed\""), std::string::npos);
}

TEST_F(Region, ARequesterSeesHisOwnJobsAndNobodyElses) {
  assemble();
  const JobId job = submit(10);
  run_job(job, 10);
  Member other = enrol(Role::kRequester, *operator_, nullptr);
  const std::string path = "/api/v1/jobs/" + std::to_string(job.value());
  EXPECT_EQ(Json::parse(requester_.peer->query(path))["job"]["settled"], 10);
  EXPECT_EQ(Json::parse(other.peer->query(path))["error"]["code"], "not_found");
  EXPECT_EQ(Json::parse(other.peer->query("/api/v1/jobs"))["jobs"].size(), 0U);
  EXPECT_EQ(Json::parse(operator_->query("/api/v1/jobs"))["jobs"].size(), 1U);
  EXPECT_EQ(Json::parse(owner_.peer->query("/api/v1/agents"))["agents"].size(), 1U);
  EXPECT_EQ(Json::parse(other.peer->query("/api/v1/agents"))["agents"].size(), 0U);
}

TEST_F(Region, TheStoredTransfersGiveTheLiveBalances) {
  assemble();
  run_job(submit(10), 10);
  const Json verify = Json::parse(operator_->query("/api/v1/ledger/verify"))["verify"];
  EXPECT_TRUE(verify["ok"].get<bool>()) << verify.dump();
  EXPECT_GT(verify["transfers"], 2);
  const Json history = Json::parse(owner_.peer->query("/api/v1/ledger/history"))["transfers"];
  EXPECT_FALSE(history.empty());
}

TEST_F(Region, GarbageCostsItsSenderAndNobodyElse) {
  assemble();
  Member other = enrol(Role::kRequester, *operator_, nullptr);
  for (int i = 0; i < 3; ++i)
    other.peer->send_raw(Bytes(100, 0xFF));
  ASSERT_TRUE(other.peer->expect<msg::Goodbye>().has_value());
  run_job(submit(5), 5);
}

TEST_F(Region, AMessageBeyondTheBoundEndsItsConnectionOnly) {
  assemble();
  Member other = enrol(Role::kRequester, *operator_, nullptr);
  other.peer->send_raw(Bytes(limits::kControlMessageBytes + 1, 1));
  run_job(submit(5), 5);
}

TEST_F(Region, AStrangerMayOnlyEnrol) {
  const std::unique_ptr<Peer> stranger = connect(TransportPair::create());
  EXPECT_EQ(stranger->hello().role, Role::kStranger);
  stranger->send(msg::Query{stranger->next_request(), "/api/v1/region"});
  EXPECT_TRUE(stranger->expect<msg::Goodbye>().has_value());
}

TEST_F(Region, ARevokedPartyIsDroppedAndNotLetInAgain) {
  assemble();
  Member other = enrol(Role::kRequester, *operator_, nullptr);
  const msg::Reply done = operator_->command(msg::Revoke{"", other.enrolled.party, {}});
  EXPECT_TRUE(std::holds_alternative<msg::Done>(done.body));
  EXPECT_TRUE(other.peer->expect<msg::Goodbye>().has_value());
  const std::unique_ptr<Peer> again = connect(other.transport);
  const std::optional<net::LinkEvent> event = again->socket().wait_event(seconds(10));
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(*event, net::LinkEvent::kRefused);
}

TEST_F(Region, AForgedReportIsNotTaken) {
  assemble();
  submit(1);
  const std::optional<msg::Assign> assign = agent_.peer->expect<msg::Assign>();
  ASSERT_TRUE(assign.has_value());
  msg::Report forged = signed_report(agent_, assign->assignments.front(), false);
  forged.signature.bytes[5] ^= 1;
  for (int i = 0; i < 3; ++i)
    agent_.peer->send(forged);
  EXPECT_TRUE(agent_.peer->expect<msg::Goodbye>().has_value());
}

TEST_F(Region, APeerThatPinsAnotherKeyIsRefusedAndTheRegionGoesOn) {
  assemble();
  const TransportKey other = TransportPair::create().public_key();
  for (const TransportPair& key : {requester_.transport, agent_.transport, TransportPair::create()}) {
    Peer peer(context_, server_->port(), other, key);
    const std::optional<net::LinkEvent> event = peer.socket().wait_event(seconds(10));
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(*event, net::LinkEvent::kRefused);
  }
  run_job(submit(5), 5);
}

TEST_F(Region, OldAndNewProtocolsAreServedAndOthersAreToldSo) {
  assemble();
  const std::unique_ptr<Peer> older = connect(requester_.transport);
  EXPECT_EQ(older->hello(limits::kProtocolOldest, limits::kProtocolOldest).protocol, limits::kProtocolOldest);
  const std::unique_ptr<Peer> alien = connect(TransportPair::create());
  alien->send(msg::Hello{99, 100, "test"});
  const std::optional<msg::Goodbye> goodbye = alien->expect<msg::Goodbye>();
  ASSERT_TRUE(goodbye.has_value());
  EXPECT_NE(goodbye->why.message.find("99 to 100"), std::string::npos);
}

TEST_F(Region, APortInUseIsNamedWithItsRemedy) {
  const std::string other = folder_ / "other";
  RegionSettings settings;
  settings.name = "other";
  ASSERT_TRUE(init_region(other, settings).ok());
  Result<RegionDir> dir = open_region(other);
  dir->settings.port = server_->port();
  dir->settings.http_port = 0;
  const Result<std::unique_ptr<RegionServer>> second = RegionServer::start(std::move(*dir));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_NE(second.error().message.find(std::to_string(server_->port())), std::string::npos);
  EXPECT_FALSE(second.error().hint.empty());
}

TEST_F(Region, TwoSchedulersOnOneFolderAreRefused) {
  const Result<RegionDir> second = open_region(dir_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
}

TEST(Http, AServerThatIsStoppedAtOnceStops) {
  for (int i = 0; i < 50; ++i)
    ASSERT_TRUE(HttpServer::start(0, {}).ok());
}

}  // namespace
}  // namespace reeve::shell
