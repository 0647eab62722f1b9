#include "agent/gang/mesh.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <thread>

#include "agent/gang/door.h"
#include "agent/gang/endpoint.h"
#include "agent/gang/peer.h"

namespace reeve::agent::gang {
namespace {

constexpr AttemptId kLead{40};

/// Two agents of a farm on this host: a door each.
class Farm : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = std::filesystem::path(::testing::TempDir()) / ("farm-" + std::to_string(getpid()));
    for (const char* name : {"a", "b"})
      std::filesystem::create_directories(root_ / name);
    for (const char* name : {"a", "b"}) {
      auto door = Door::open("127.0.0.1", root_ / name);
      ASSERT_TRUE(door.ok()) << door.error().message;
      doors_.push_back(std::move(door).value());
    }
    for (const auto& door : doors_)
      members_.push_back({"rig", door->endpoint()});
  }
  void TearDown() override {
    doors_.clear();
    std::filesystem::remove_all(root_);
  }
  std::unique_ptr<Mesh> join(std::uint32_t rank, msg::GangSecret secret = {1}) {
    auto mesh = Mesh::open({kLead, rank, secret, members_}, root_ / (rank == 0 ? "a" : "b"));
    EXPECT_TRUE(mesh.ok());
    return std::move(mesh).value();
  }
  static bool await(const std::function<bool()>& what, int ms = 10'000) {
    for (int i = 0; i < ms / 5 && !what(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return what();
  }

  std::filesystem::path root_;
  std::vector<std::unique_ptr<Door>> doors_;
  std::vector<msg::GangMember> members_;
};

TEST_F(Farm, MembersFindEachOtherWhoeverComesFirst) {
  const auto second = join(1);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_FALSE(second->complete());
  EXPECT_EQ(second->missing().substr(0, 6), "rank 0");
  const auto first = join(0);
  EXPECT_TRUE(await([&] { return first->complete() && second->complete(); }));
  EXPECT_EQ(first->missing(), "");
}

TEST_F(Farm, AMemberThatEndsAsItShouldIsNotLost) {
  const auto first = join(0);
  auto second = join(1);
  ASSERT_TRUE(await([&] { return first->complete() && second->complete(); }));
  second.reset();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_FALSE(first->lost());
}

TEST_F(Farm, AMemberThatHangsUpWithoutAWordIsLost) {
  const auto first = join(0);
  {
    // A member that knows the secret, and is gone like a process that was killed.
    auto peer = Peer::connect({kLead, 1, {1}, members_}, 0);
    ASSERT_TRUE(peer);
    ASSERT_TRUE(await([&] {
      peer->on_writable();
      peer->on_readable([](ByteView) {});
      return peer->state() == Peer::State::kUp && first->complete();
    }));
  }
  EXPECT_TRUE(await([&] { return first->lost() == 1U; }));
}

TEST_F(Farm, WhoDoesNotKnowTheSecretIsNoMember) {
  const auto first = join(0);
  const auto stranger = join(1, {2});
  EXPECT_FALSE(await([&] { return first->complete() || stranger->complete(); }, 1000));
  EXPECT_FALSE(first->lost());
}

TEST(Door, RefusesAnAddressThatNobodyReaches) {
  EXPECT_EQ(Door::open("0.0.0.0:0", "/").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(Door::open("192.0.2.1", "/").error().code, ErrorCode::kIo);  // of documentation, no host has it
}

}  // namespace
}  // namespace reeve::agent::gang
