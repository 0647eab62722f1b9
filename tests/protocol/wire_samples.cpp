#include "tests/protocol/wire_samples.h"

#include "protocol/limits.h"

namespace reeve::wire_samples {
namespace {

template <std::size_t N>
std::array<std::uint8_t, N> filled(std::uint8_t first) {
  std::array<std::uint8_t, N> bytes;
  for (std::size_t i = 0; i < N; ++i)
    bytes[i] = static_cast<std::uint8_t>(first + i);
  return bytes;
}

Digest digest(std::uint8_t first) {
  return {filled<32>(first)};
}

StepSpec step(const char* name) {
  StepSpec step;
  step.name = name;
  step.task_count = limits::kTasksPerStep;
  step.depends_on = {0, 2};
  step.need = {1, 2048, 1, 8192, {"avx2", "eu"}, {"render.path", 3}};
  step.leaf_bytes = 4096;
  step.work_per_task = 1ULL << 40;
  step.max_result_bytes = 1ULL << 33;
  step.time_limit = seconds(90);
  step.script = {1, 2, 3};
  step.inputs = {digest(1), digest(2)};
  step.compare = "image:psnr=40";
  step.gang_min = 2;
  step.gang_max = 4;
  step.most_at_once = 16;
  step.most_memory_mib = 4096;
  step.checkpoint_mib = 512;
  step.iteration = {300, 8, 1, 50};
  return step;
}

void add_session(std::vector<msg::Message>& out) {
  out.push_back(msg::Hello{1, 2, "reeve-agent 0.1"});
  out.push_back(msg::Welcome{2, "Fünen", 7, 7412, Role::kReferee, PartyId(3), AgentId(4), 1U << 20});
  out.push_back(
      msg::Enrol{filled<16>(1), "k3v9qa.0123456789abcdef", "shed", {filled<32>(3)}, 5, {6}, {filled<64>(7)}});
  out.push_back(msg::Query{filled<16>(2), "/api/v1/jobs?after=3"});
  out.push_back(msg::FetchResults{filled<16>(3), {JobId(8), 9}, 10});
  out.push_back(msg::Subscribe{JobId(11), false});
  out.push_back(msg::JobUpdate{JobId(12), msg::JobState::kFailed, 13, 14, 15, {16, 17}});
  out.push_back(msg::Goodbye{{ErrorCode::kNotAllowed, "revoked", "ask the owner\nof the farm"}});
}

void add_commands(std::vector<msg::Message>& out) {
  msg::Commands commands;
  commands.commands.push_back({filled<16>(1), msg::SubmitJob{job(), true, true}});
  commands.commands.push_back(
      {filled<16>(2), msg::JobCommand{JobId(1), msg::JobVerb::kSetPriority, -7, "because"}});
  commands.commands.push_back(
      {filled<16>(3), msg::CreateToken{Role::kOwner, "k3v9qa", digest(9), 3, {4}, 5, {filled<64>(6)}}});
  commands.commands.push_back({filled<16>(4), msg::Fund{PartyId(1), -2}});
  commands.commands.push_back({filled<16>(5), msg::Revoke{"k3v9qa", PartyId(1), AgentId(2)}});
  commands.commands.push_back({filled<16>(6), msg::SetAgentPaused{AgentId(3), true}});
  out.push_back(commands);
}

void add_replies(std::vector<msg::Message>& out) {
  msg::Replies replies;
  const auto add = [&replies](std::uint8_t first, decltype(msg::Reply::body) body) {
    replies.replies.emplace_back();
    replies.replies.back().request = filled<16>(first);
    replies.replies.back().body = std::move(body);
  };
  add(1, msg::Done{});
  add(2, msg::Accepted{JobId(1), 2, 3});
  add(3, msg::Enrolled{Role::kAgent, PartyId(4), AgentId(5)});
  add(4, msg::Json{"{\"a\": \"ä\"}\n"});
  msg::ResultPage page;
  page.rows.push_back({{0, 2}, {1, 2}, {7, 8, 9}, {}, {}});
  page.rows.push_back({{2, 1}, {}, {}, {digest(1)}, {1ULL << 34}});
  page.next = 3;
  page.more = true;
  add(5, page);
  add(6, Error{ErrorCode::kExhausted, "no funds", "reeve region fund"});
  out.push_back(replies);
}

void add_agents(std::vector<msg::Message>& out) {
  const StepRef at{JobId(1), 2};
  msg::AgentHello hello{
      "rig-7",
      4,
      {8, 16384, 1, 24576, {"avx2", "gpu"}, {{"render.path", 1}, {"sha256", 2}}, "x86-64-v4"},
      {}};
  hello.held.push_back({AttemptId(3), at, {4, 5}, 1, filled<16>(6)});
  out.push_back(hello);
  out.push_back(msg::Credit{1ULL << 50});
  out.push_back(msg::Heartbeat{{AttemptId(1), make_attempt_id(9, 8)}, true});
  msg::Assign assign;
  assign.steps.push_back({at, {"sha256", 1}, 32, 64, seconds(5), {1, 2}, {digest(3)}});
  assign.steps.back().iteration = {300, 8, 1, 50};
  assign.assignments.push_back({AttemptId(7), at, {100, 512}, 1, seconds(30), filled<16>(8), {}});
  assign.assignments.back().inputs = {digest(20), digest(21)};
  assign.assignments.push_back(
      {AttemptId(8),
       at,
       {612, 1},
       0,
       seconds(30),
       filled<16>(9),
       {AttemptId(7), 1, filled<32>(10), {{"rig01", "10.0.0.1:7790"}, {"rig02", "x"}}}});
  assign.leaves.push_back({AttemptId(9), at, 10, {11, 12}, seconds(31), {digest(20)}});
  out.push_back(assign);
  out.push_back(msg::CancelAttempts{{{AttemptId(1), {2, 3}}, {AttemptId(4), {5, 6}}}});
  out.push_back(report());
  out.push_back(msg::ReportAck{{{AttemptId(1), {2, 3}, msg::SectionStatus::kRefused, "bad ticket"}}});
  out.push_back(msg::OpeningRequest{AttemptId(1), at, 3});
  out.push_back(msg::Opening{AttemptId(1), at, 3, {digest(4), digest(5)}});
  out.push_back(msg::UploadRequest{AttemptId(1), at, 3, true});
  out.push_back(msg::CheckpointMade{AttemptId(1), at, 3, digest(4), 5});
  out.push_back(msg::Verdicts{{{AttemptId(1), at, {2, 3}, msg::VerdictKind::kReleased, -4}}});
  out.push_back(msg::LogPieces{{{AttemptId(1), at, 3, 0, "epoch 1\n\tloss 0.5 – früh\n"},
                                {AttemptId(1), at, 3, 1ULL << 40, "epoch 9"}}});
}

}  // namespace

JobSpec job() {
  JobSpec spec;
  spec.name = "shot 12 – evening";
  spec.priority = -100;
  spec.verify = {VerifyMode::kQuorum, 3};
  spec.max_retries = 4;
  spec.max_price = 5'000'000'000'000;
  spec.after = {JobId(6), JobId(7)};
  spec.steps = {step("bake"), step("frames")};
  return spec;
}

msg::Report report() {
  const StepRef at{JobId(1), 2};
  msg::Report report;
  report.sections.push_back(
      {AttemptId(3), at, {4, 2}, {"sha256", 1}, filled<16>(5), msg::InlineResults{{3, 0}, {6, 7, 8}}});
  report.sections.push_back({AttemptId(4),
                             at,
                             {6, 1},
                             {"render.path", 1},
                             filled<16>(6),
                             msg::RootedResults{{digest(9)}, {1ULL << 33}}});
  report.sections.push_back({AttemptId(5),
                             at,
                             {7, 9},
                             {"render.path", 1},
                             filled<16>(7),
                             msg::FailedTasks{msg::FailureReason::kOutOfMemory, "8 GiB\nare not enough"}});
  report.leaves.push_back({AttemptId(6), at, 7, {8, 9}, {digest(1), digest(2)}});
  report.signature.bytes = filled<64>(10);
  return report;
}

std::vector<msg::Message> all() {
  std::vector<msg::Message> out;
  add_session(out);
  add_commands(out);
  add_replies(out);
  add_agents(out);
  return out;
}

}  // namespace reeve::wire_samples
