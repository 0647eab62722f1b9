#include <capnp/message.h>
#include <capnp/serialize.h>
#include <gtest/gtest.h>

#include "protocol/wire.h"
#include "tests/protocol/wire_samples.h"
#include "tests/protocol/wire_v1.capnp.h"

namespace reeve::wire {
namespace {

template <class Fill>
Result<msg::Message> from_version_1(Fill fill) {
  capnp::MallocMessageBuilder builder;
  fill(builder.initRoot<schema_v1::Envelope>());
  const auto words = capnp::messageToFlatArray(builder);
  return decode({words.asBytes().begin(), words.asBytes().size()});
}

TEST(WireVersions, AJobUpdateOfProtocol1HasNoInlineResult) {
  const auto decoded = from_version_1([](schema_v1::Envelope::Builder envelope) {
    auto update = envelope.initJobUpdate();
    update.setJob(4);
    update.setState(3);
    update.setTasks(5);
    update.setSettled(5);
  });
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(std::get<msg::JobUpdate>(*decoded),
            (msg::JobUpdate{JobId(4), msg::JobState::kSucceeded, 5, 5, 0, {}}));
}

TEST(WireVersions, AnAssignOfProtocol1HasNoLeaves) {
  const msg::Ticket ticket{1, 2, 3};
  const auto decoded = from_version_1([&](schema_v1::Envelope::Builder envelope) {
    auto assignment = envelope.initAssign().initAssignments(1)[0];
    assignment.setAttempt(1);
    assignment.setJob(2);
    assignment.setStep(3);
    assignment.setFirst(4);
    assignment.setCount(5);
    assignment.setReplica(1);
    assignment.setLease(6);
    assignment.setTicket({ticket.data(), ticket.size()});
  });
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  const msg::Assignment expected{AttemptId(1), {JobId(2), 3}, {4, 5}, 1, {6}, ticket};
  EXPECT_EQ(std::get<msg::Assign>(*decoded), (msg::Assign{{}, {expected}, {}, {}}));
}

TEST(WireVersions, AReportOfProtocol1HasNoLeaves) {
  const auto decoded =
      from_version_1([](schema_v1::Envelope::Builder envelope) { envelope.initReport().initSignature(64); });
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(std::get<msg::Report>(*decoded), msg::Report{});
}

TEST(WireVersions, APeerOfProtocol1ReadsWhatItKnowsOfProtocol2) {
  const Bytes bytes =
      encode(msg::JobUpdate{JobId(4), msg::JobState::kSucceeded, 1, 1, 0, {'r', 'e', 's', 'u', 'l', 't'}});
  capnp::FlatArrayMessageReader reader(
      kj::arrayPtr(reinterpret_cast<const capnp::word*>(bytes.data()), bytes.size() / sizeof(capnp::word)));
  const auto update = reader.getRoot<schema_v1::Envelope>().getJobUpdate();
  EXPECT_EQ(update.getJob(), 4u);
  EXPECT_EQ(update.getState(), 3u);
  EXPECT_EQ(update.getSettled(), 1u);
}

}  // namespace
}  // namespace reeve::wire
