#include "protocol/wire.h"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <set>

#include "protocol/limits.h"
#include "protocol/wire.capnp.h"
#include "tests/protocol/wire_samples.h"

namespace reeve::wire {
namespace {

Bytes bytes_of(capnp::MessageBuilder& builder) {
  const auto words = capnp::messageToFlatArray(builder);
  const auto bytes = words.asBytes();
  return {bytes.begin(), bytes.end()};
}

/// The refusal's message, or a failure of the test.
std::string refusal(const msg::Message& message) {
  const auto decoded = decode(encode(message));
  if (decoded.ok()) return "accepted";
  EXPECT_EQ(decoded.error().code, ErrorCode::kInvalid);
  return decoded.error().message;
}

TEST(Wire, EveryMessageReadsBackWhole) {
  std::set<std::size_t> kinds;
  for (const msg::Message& message : wire_samples::all()) {
    kinds.insert(message.index());
    const auto decoded = decode(encode(message));
    ASSERT_TRUE(decoded.ok()) << message.index() << ": " << decoded.error().message;
    EXPECT_EQ(*decoded, message) << "message kind " << message.index();
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<msg::Message>) << "the samples cover every message";
}

TEST(Wire, AnEmptyMessageOfEveryKindReadsBackOrIsRefused) {
  for (const msg::Message& message :
       {msg::Message(msg::Commands{}), msg::Message(msg::Replies{}), msg::Message(msg::Assign{}),
        msg::Message(msg::Report{}), msg::Message(msg::AgentHello{}), msg::Message(msg::Heartbeat{})}) {
    const auto decoded = decode(encode(message));
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(*decoded, message);
  }
}

TEST(Wire, BytesMayLieAtAnyAddress) {
  const msg::Message message = wire_samples::report();
  const Bytes bytes = encode(message);
  for (std::size_t shift = 0; shift < 8; ++shift) {
    Bytes shifted(shift);
    shifted.insert(shifted.end(), bytes.begin(), bytes.end());
    const auto decoded = decode(ByteView(shifted).subspan(shift));
    ASSERT_TRUE(decoded.ok()) << shift;
    EXPECT_EQ(*decoded, message);
  }
}

TEST(Wire, ACutMessageIsRefused) {
  for (const msg::Message& message : wire_samples::all()) {
    const Bytes bytes = encode(message);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      const auto decoded = decode(ByteView(bytes).first(length));
      ASSERT_FALSE(decoded.ok()) << "kind " << message.index() << " cut to " << length << " of "
                                 << bytes.size();
      EXPECT_EQ(decoded.error().code, ErrorCode::kInvalid);
    }
  }
}

TEST(Wire, TrailingBytesAreRefused) {
  Bytes bytes = encode(msg::Credit{1});
  bytes.resize(bytes.size() + 8);
  EXPECT_FALSE(decode(bytes).ok());
}

TEST(Wire, DamageIsRefusedOrReadsAsAnotherMessageButNeverMore) {
  std::mt19937_64 random(7);
  for (const msg::Message& message : wire_samples::all()) {
    const Bytes bytes = encode(message);
    for (int round = 0; round < 300; ++round) {
      Bytes damaged = bytes;
      for (int i = 0; i < 3; ++i)
        damaged[random() % damaged.size()] = static_cast<std::uint8_t>(random());
      const auto decoded = decode(damaged);
      if (!decoded.ok()) continue;
      const auto again = decode(encode(*decoded));
      ASSERT_TRUE(again.ok()) << again.error().message;
      EXPECT_EQ(*again, *decoded);
    }
  }
}

TEST(Wire, GarbageIsRefused) {
  std::mt19937_64 random(8);
  for (int round = 0; round < 2000; ++round) {
    Bytes bytes(8 * (random() % 64));
    for (std::uint8_t& byte : bytes)
      byte = static_cast<std::uint8_t>(random() % (round % 2 == 0 ? 256 : 4));
    const auto decoded = decode(bytes);
    EXPECT_TRUE(decoded.ok() || decoded.error().code == ErrorCode::kInvalid);
  }
  EXPECT_FALSE(decode(Bytes(limits::kControlMessageBytes + 8)).ok());
}

TEST(Wire, UnknownKindsAreNamed) {
  capnp::MallocMessageBuilder envelope;
  envelope.initRoot<schema::Envelope>().initCredit();
  Bytes bytes = bytes_of(envelope);
  // Words: segment table, root pointer, then the envelope's data word, which begins with the union's tag.
  ASSERT_EQ(bytes[16], 10) << "the tag of credit";
  bytes[16] = 200;
  const auto decoded = decode(bytes);
  ASSERT_FALSE(decoded.ok());
  EXPECT_NE(decoded.error().message.find("message kind 200"), std::string::npos) << decoded.error().message;
}

TEST(Wire, UnknownEnumeratorsAreNamed) {
  capnp::MallocMessageBuilder envelope;
  auto update = envelope.initRoot<schema::Envelope>().initJobUpdate();
  update.setState(static_cast<schema::JobState>(77));
  const auto decoded = decode(bytes_of(envelope));
  ASSERT_FALSE(decoded.ok());
  EXPECT_NE(decoded.error().message.find("job state 77"), std::string::npos) << decoded.error().message;
}

TEST(Wire, PointersThatShareTheirWordsDoNotMultiply) {
  // One script of 8000 bytes, which every one of 64 steps points to: small on the wire, large once read.
  constexpr unsigned kSteps = 64;
  capnp::MallocMessageBuilder builder(64 << 10);
  auto steps = builder.initRoot<schema::Envelope>().initAssign().initSteps(kSteps);
  steps[0].initScript(8000);
  Bytes bytes = bytes_of(builder);
  ASSERT_TRUE(decode(bytes).ok());
  // Words: segment table, root, envelope (2), assign (4), the list's tag; then 6 words and 4 pointers a step.
  constexpr std::size_t kFirstStep = 9;
  constexpr std::size_t kStepWords = 10;
  constexpr std::size_t kScript = kFirstStep + kSteps * kStepWords;
  for (std::size_t i = 1; i < kSteps; ++i) {
    const std::size_t at = kFirstStep + i * kStepWords + 7;
    const std::uint64_t pointer = 1 | (kScript - at - 1) << 2 | std::uint64_t{8000 << 3 | 2} << 32;
    std::memcpy(bytes.data() + at * 8, &pointer, 8);
  }
  const auto decoded = decode(bytes);
  ASSERT_FALSE(decoded.ok());
  EXPECT_NE(decoded.error().message.find("traversal limit"), std::string::npos) << decoded.error().message;
}

struct TooMuch {
  const char* named;
  std::function<msg::Message()> make;
};

class WireLimits : public testing::TestWithParam<TooMuch> {};

TEST_P(WireLimits, WhatExceedsItsBoundIsRefusedByName) {
  const std::string said = refusal(GetParam().make());
  EXPECT_NE(said.find(GetParam().named), std::string::npos) << said;
}

msg::Message submit(const std::function<void(JobSpec&)>& change) {
  JobSpec spec = wire_samples::job();
  change(spec);
  return msg::Commands{{{{}, msg::SubmitJob{spec, false}}}};
}

msg::Message hello(const std::function<void(msg::AgentHello&)>& change) {
  msg::AgentHello hello;
  change(hello);
  return hello;
}

msg::Message section(std::size_t index, const std::function<void(msg::ReportSection&)>& change) {
  msg::Report report = wire_samples::report();
  change(report.sections[index]);
  return report;
}

msg::InlineResults& inline_of(msg::ReportSection& s) {
  return std::get<msg::InlineResults>(s.outcome);
}
msg::RootedResults& rooted_of(msg::ReportSection& s) {
  return std::get<msg::RootedResults>(s.outcome);
}

INSTANTIATE_TEST_SUITE_P(
    Jobs, WireLimits,
    testing::Values(
        TooMuch{"name of a job", [] { return submit([](auto& j) { j.name = std::string(2049, 'x'); }); }},
        TooMuch{"control characters", [] { return submit([](auto& j) { j.name = "a\x1b[2J"; }); }},
        TooMuch{"not UTF-8", [] { return submit([](auto& j) { j.name = "\xc0\x80"; }); }},
        TooMuch{"not UTF-8", [] { return submit([](auto& j) { j.name = "\xed\xa0\x80"; }); }},
        TooMuch{"not UTF-8", [] { return submit([](auto& j) { j.name = "\xf4\x90\x80\x80"; }); }},
        TooMuch{"not UTF-8", [] { return submit([](auto& j) { j.name = "cut \xe2\x82"; }); }},
        TooMuch{"dependencies of a job", [] { return submit([](auto& j) { j.after.resize(65); }); }},
        TooMuch{"steps of a job", [] { return submit([](auto& j) { j.steps.resize(257); }); }},
        TooMuch{"name of a step",
                [] { return submit([](auto& j) { j.steps[0].name = std::string(2049, 'x'); }); }},
        TooMuch{"dependencies of a step",
                [] { return submit([](auto& j) { j.steps[0].depends_on.resize(257); }); }},
        TooMuch{"step's tasks", [] { return submit([](auto& j) { j.steps[0].task_count = 0xffffffff; }); }},
        TooMuch{"tags of a step", [] { return submit([](auto& j) { j.steps[0].need.tags.resize(17); }); }},
        TooMuch{"tag",
                [] { return submit([](auto& j) { j.steps[0].need.tags[0] = std::string(65, 'x'); }); }},
        TooMuch{"name of a kernel",
                [] { return submit([](auto& j) { j.steps[0].need.kernel.name = std::string(65, 'x'); }); }},
        TooMuch{"script", [] { return submit([](auto& j) { j.steps[0].script.resize(65537); }); }},
        TooMuch{"inputs", [] { return submit([](auto& j) { j.steps[0].inputs.resize(65); }); }},
        TooMuch{"commands", [] { return msg::Message(msg::Commands{std::vector<msg::Command>(1025)}); }},
        TooMuch{
            "reason",
            [] {
              return msg::Message(msg::Commands{{{{}, msg::JobCommand{{}, {}, 0, std::string(1025, 'x')}}}});
            }},
        TooMuch{"path",
                [] {
                  return msg::Message(msg::Query{{}, std::string(1025, 'x')});
                }},
        TooMuch{"token",
                [] {
                  return msg::Message(msg::Enrol{{}, std::string(24, 'x'), "", {}, 0, {}, {}});
                }},
        TooMuch{"name of the software", [] {
                  return msg::Message(msg::Hello{1, 1, std::string(65, 'x')});
                }}));

INSTANTIATE_TEST_SUITE_P(
    Agents, WireLimits,
    testing::Values(
        TooMuch{"name of an agent", [] { return hello([](auto& h) { h.name = std::string(65, 'x'); }); }},
        TooMuch{"slots", [] { return hello([](auto& h) { h.slots = 1025; }); }},
        TooMuch{"tags of an agent",
                [] { return hello([](auto& h) { h.capability.tags.resize(limits::kTagsPerAgent + 1); }); }},
        TooMuch{"kernels", [] { return hello([](auto& h) { h.capability.kernels.resize(65); }); }},
        TooMuch{"attempts held", [] { return hello([](auto& h) { h.held.resize(4097); }); }},
        TooMuch{"attempts held",
                [] {
                  return msg::Message(msg::Heartbeat{std::vector<AttemptId>(4097), false});
                }},
        TooMuch{"steps of a message",
                [] {
                  return msg::Message(msg::Assign{std::vector<msg::StepInfo>(1025), {}, {}, {}});
                }},
        TooMuch{"assignments of a message",
                [] {
                  return msg::Message(msg::Assign{{}, std::vector<msg::Assignment>(1025), {}, {}});
                }},
        TooMuch{"leaf assignments",
                [] {
                  return msg::Message(msg::Assign{{}, {}, std::vector<msg::LeafAssignment>(1025), {}});
                }},
        TooMuch{
            "attempts to cancel",
            [] { return msg::Message(msg::CancelAttempts{std::vector<msg::CancelAttempts::Item>(4097)}); }},
        TooMuch{
            "leaf hashes",
            [] {
              return msg::Message(msg::Opening{{}, {}, 0, std::vector<Digest>(limits::kLeavesPerTask + 1)});
            }},
        TooMuch{"verdicts",
                [] { return msg::Message(msg::Verdicts{std::vector<msg::Verdicts::Item>(4097)}); }},
        TooMuch{"acknowledged",
                [] { return msg::Message(msg::ReportAck{std::vector<msg::ReportAck::Item>(1025)}); }},
        TooMuch{"pieces of logs",
                [] {
                  return msg::Message(
                      msg::LogPieces{std::vector<msg::LogPiece>(limits::kLogPiecesPerMessage + 1)});
                }},
        TooMuch{"a piece of a log",
                [] {
                  return msg::Message(
                      msg::LogPieces{{{{}, {}, 0, 0, std::string(limits::kLogPieceBytes + 1, 'x')}}});
                }},
        TooMuch{"UTF-8",
                [] {
                  return msg::Message(msg::LogPieces{{{{}, {}, 0, 0, "half a \xc3"}}});
                }},
        TooMuch{"control characters",
                [] {
                  return msg::Message(msg::LogPieces{{{{}, {}, 0, 0, "\x1b[2J"}}});
                }},
        TooMuch{"begins at byte", [] {
                  return msg::Message(msg::LogPieces{{{{}, {}, 0, limits::kLogOffset + 1, ""}}});
                }}));

INSTANTIATE_TEST_SUITE_P(
    Reports, WireLimits,
    testing::Values(
        TooMuch{"leave the step", [] { return section(2, [](auto& s) {
                                         s.tasks = {5, 0xffffffff};
                                       }); }},
        TooMuch{"leave the step", [] { return section(2, [](auto& s) {
                                         s.tasks = {0xffffffff, 0};
                                       }); }},
        TooMuch{"3 tasks has 2 results", [] { return section(0, [](auto& s) { s.tasks.count = 3; }); }},
        TooMuch{"add up", [] { return section(0, [](auto& s) { inline_of(s).sizes[0] = 4; }); }},
        TooMuch{"add up", [] { return section(0, [](auto& s) { inline_of(s).payload.push_back(0); }); }},
        TooMuch{"inline result",
                [] { return section(0, [](auto& s) {
                       inline_of(s) = {{4097, 0}, Bytes(4097)};
                     }); }},
        TooMuch{"results of a section",
                [] { return section(0, [](auto& s) { inline_of(s).sizes.resize(8193); }); }},
        TooMuch{"roots", [] { return section(1, [](auto& s) { rooted_of(s).roots.resize(2); }); }},
        TooMuch{"sizes", [] { return section(1, [](auto& s) { rooted_of(s).sizes.clear(); }); }},
        TooMuch{"a result of length",
                [] { return section(1, [](auto& s) { rooted_of(s).sizes[0] = limits::kBlobBytes + 1; }); }},
        TooMuch{"message of a failure",
                [] {
                  return section(2, [](auto& s) { std::get<2>(s.outcome).message = std::string(1025, 'x'); });
                }},
        TooMuch{"a leaf report has 2 leaves and 1 hashes",
                [] {
                  msg::Report report = wire_samples::report();
                  report.leaves[0].hashes.pop_back();
                  return msg::Message(report);
                }},
        TooMuch{"row of results",
                [] {
                  return msg::Message(
                      msg::Replies{{{{}, msg::ResultPage{{{{0, 2}, {1}, {7}, {}, {}}}, 0, false}}}});
                }},
        TooMuch{"row of results", [] {
                  return msg::Message(
                      msg::Replies{{{{}, msg::ResultPage{{{{0, 1}, {}, {}, {Digest{}}, {}}}, 0, false}}}});
                }}));

}  // namespace
}  // namespace reeve::wire
