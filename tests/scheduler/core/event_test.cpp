#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include "protocol/digest.h"
#include "scheduler/core/step_extras.h"
#include "tests/scheduler/core/region_fixture.h"

namespace reeve::core {
namespace {

template <std::size_t... I>
std::vector<Event> one_of_each(std::index_sequence<I...>) {
  return {Event(std::in_place_index<I>)...};
}

Bytes encode_journal(const std::vector<Event>& events) {
  Writer writer;
  for (const Event& event : events)
    writer(encode_event(event));
  return writer.take();
}

/// Nothing when any event does not decode, or does not give its own bytes again.
std::optional<Durable> replay(const Bytes& journal, std::set<std::string>& kinds) {
  Durable state;
  Reader reader(journal);
  while (!reader.at_end()) {
    Bytes bytes;
    reader(bytes);
    Reader inner(bytes);
    Event event;
    if (!reader.ok() || !decode_event(inner, event) || !inner.at_end()) return std::nullopt;
    if (encode_event(event) != bytes) return std::nullopt;
    kinds.insert(event_name(event));
    apply_event(state, event);
  }
  return state;
}

/// A story with something of everything, the same every time.
class Story : public RegionFixture {
 protected:
  void tell() {
    Policy policy;
    policy.probation_tasks = 0;
    policy.floor_ppm = 0;
    found(policy);
    parties();
    honest_work();
    trouble();
    conviction();
    comparison();
    retries();
    generations();
    pass(hours(80));
    silence(hours(24 * 8));
    restart();
  }

 private:
  void parties() {
    ada_ = requester("ada", kMicroPerCredit);
    liar_ = owner("liar", kMicroPerCredit);
    honest_ = owner("honest");
    liar_rig_ = join(liar_, "liar rig");
    command(operator_, msg::Fund{ada_, kMicroPerCredit});
    command(liar_, msg::SetAgentPaused{liar_rig_, true});
    command(liar_, msg::SetAgentPaused{liar_rig_, false});
    command(operator_, invitation(Role::kRequester, "unused"));
    msg::Revoke revoke;
    revoke.token_id = "unused";
    command(operator_, revoke);
  }
  void honest_work() {
    const JobId waits = submit(ada_, inline_job(5));
    job_command(ada_, waits, msg::JobVerb::kPause);
    job_command(ada_, waits, msg::JobVerb::kResume);
    job_command(ada_, waits, msg::JobVerb::kSetPriority, 3);
    work();
    const JobId dropped = submit(ada_, inline_job(5));
    job_command(ada_, dropped, msg::JobVerb::kCancel);
    JobSpec fails = inline_job(2);
    fails.max_retries = 0;
    habits_[liar_rig_].fails = true;
    const JobId failed = submit(ada_, fails);
    work();
    habits_[liar_rig_].fails = false;
    job_command(ada_, failed, msg::JobVerb::kRetryFailed);
    work();
  }
  void trouble() {
    honest_rig_ = join(honest_, "honest rig");
    JobSpec spec = stored_job(1);
    spec.verify = {VerifyMode::kQuorum, 2};
    submit(ada_, spec);
    for (int i = 0; i < 2; ++i)
      for (const AgentId rig : {liar_rig_, honest_rig_})
        report_all(rig);
    answer_upload(uploads_.at(0), false, {});
    answer_upload(uploads_.at(1), false, {});
    work();
    habits_[liar_rig_].opens = false;
    habits_[liar_rig_].lie = 1;
    submit(ada_, spec);
    work();
    pass(seconds(61));
    habits_[liar_rig_].opens = true;
  }
  void conviction() {
    referee();
    JobSpec spec = inline_job(3);
    spec.verify = {VerifyMode::kQuorum, 2};
    submit(ada_, spec);
    work();
    third_rig_ = join(owner("third"), "third rig");
    work();
  }
  void comparison() {
    comparer();
    habits_[third_rig_].look = 3;
    habits_[join(owner("fourth"), "fourth rig")] = {.lie = 4, .look = 4};
    submit(ada_, compared_job(4));
    work();
    bit_classes_[third_rig_] = "x86-64-v4";
    connect(third_rig_);
  }

  void retries() {
    JobSpec spec = program_job(2);
    spec.verify.mode = VerifyMode::kNone;
    spec.steps[0].checkpoint_mib = 1;
    spec.steps[0].need.memory_mib = 1024;
    spec.steps[0].most_memory_mib = 4096;
    const JobId id = submit(ada_, spec);
    const Todo first = todo_.at(0);
    leave_checkpoint(first, first.assignment.tasks.first, 1);
    answer_checkpoint();
    fail(first, msg::FailureReason::kOutOfMemory);
    work();
    command(ada_, msg::JobCommand{id, msg::JobVerb::kForget, 0, ""});
  }

  void generations() {
    const JobId id = submit(ada_, iterating_job({2, 2, 1, 0}));
    work();
    EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  }

  PartyId ada_;
  PartyId liar_;
  PartyId honest_;
  AgentId liar_rig_;
  AgentId honest_rig_;
  AgentId third_rig_;
};

TEST(Event, EveryKindComesBackFromItsBytes) {
  for (const Event& event : one_of_each(std::make_index_sequence<std::variant_size_v<Event>>())) {
    const Bytes bytes = encode_event(event);
    Reader reader(bytes);
    Event back;
    ASSERT_TRUE(decode_event(reader, back)) << event_name(event);
    EXPECT_TRUE(reader.at_end()) << event_name(event);
    EXPECT_EQ(back.index(), event.index());
    EXPECT_EQ(encode_event(back), bytes) << event_name(event);
  }
}

TEST(Event, EveryKindHasANameOfItsOwn) {
  std::set<std::string> names;
  for (const Event& event : one_of_each(std::make_index_sequence<std::variant_size_v<Event>>()))
    EXPECT_TRUE(names.insert(event_name(event)).second) << event_name(event);
}

TEST(Event, AnUnknownKindIsRefused) {
  const Bytes bytes{static_cast<std::uint8_t>(std::variant_size_v<Event>), 0, 0, 0};
  Reader reader(bytes);
  Event event;
  EXPECT_FALSE(decode_event(reader, event));
}

TEST_F(Story, EveryEventOfItComesBackAndNoneDoesWhenItIsCut) {
  tell();
  for (const Event& event : journal_) {
    const Bytes bytes = encode_event(event);
    Reader whole(bytes);
    Event back;
    ASSERT_TRUE(decode_event(whole, back) && whole.at_end()) << event_name(event);
    EXPECT_EQ(encode_event(back), bytes) << event_name(event);
    Reader cut(ByteView(bytes).first(bytes.size() - 1));
    EXPECT_FALSE(decode_event(cut, back)) << event_name(event);
  }
}

TEST_F(Story, TellsTheSameTwice) {
  tell();
  const Bytes first = encode_journal(journal_);
  tell();
  EXPECT_EQ(encode_journal(journal_), first) << "equal inputs give equal events, to the byte";
}

TEST_F(Story, ASnapshotInItsMiddleGoesOnLikeTheWhole) {
  tell();
  for (std::size_t cut = 0; cut <= journal_.size(); cut += 7) {
    Durable whole;
    for (std::size_t i = 0; i < cut; ++i)
      apply_event(whole, journal_[i]);
    const Bytes snapshot = encode_state(whole);
    Durable back;
    ASSERT_TRUE(decode_state(snapshot, back));
    ASSERT_EQ(encode_state(back), snapshot);
    for (std::size_t i = cut; i < journal_.size(); ++i)
      apply_event(back, journal_[i]);
    ASSERT_EQ(encode_state(back), encode_state(state())) << "cut at event " << cut;
  }
}

TEST_F(Story, ASnapshotThatIsCutDoesNotDecode) {
  tell();
  const Bytes snapshot = encode_state(state());
  for (const std::size_t size : {std::size_t{0}, snapshot.size() / 2, snapshot.size() - 1}) {
    Durable back;
    EXPECT_FALSE(decode_state(ByteView(snapshot).first(size), back)) << size;
  }
}

TEST(Event, LaterFieldsOfAStepStandBehindWhatOlderOnesHave) {
  JobAccepted plain;
  plain.spec.steps.resize(2);
  JobAccepted later = plain;
  later.spec.steps[1].gang_min = 2;
  later.spec.steps[1].gang_max = 4;
  const Bytes before = encode_event(plain);
  const Bytes bytes = encode_event(later);
  ASSERT_GT(bytes.size(), before.size());
  EXPECT_TRUE(std::equal(before.begin(), before.end(), bytes.begin())) << "an older journal reads on";
  for (std::size_t size = before.size() + 1; size < bytes.size(); ++size) {
    Reader cut(ByteView(bytes).first(size));
    Event event;
    EXPECT_FALSE(decode_event(cut, event)) << size;
  }
  Reader reader(bytes);
  Event back;
  ASSERT_TRUE(decode_event(reader, back) && reader.at_end());
  EXPECT_EQ(std::get<JobAccepted>(back).spec, later.spec);
}

TEST(Event, LaterFieldsHaveOneFormAndNoneOfALaterVersion) {
  JobAccepted accepted;
  accepted.spec.steps.resize(2);
  using Extras = std::vector<StepExtras>;
  const auto decodes = [&](const Extras& extras) {
    Bytes bytes = encode_event(accepted);
    const Bytes tail = to_archive(extras);
    bytes.insert(bytes.end(), tail.begin(), tail.end());
    Reader reader(bytes);
    Event event;
    return decode_event(reader, event) && reader.at_end();
  };
  EXPECT_TRUE(decodes({{}, {2, 2}}));
  EXPECT_FALSE(decodes({{}, {}})) << "nothing is not written down";
  EXPECT_FALSE(decodes({{}, {2, 0}})) << "nor are zeros at the end";
  EXPECT_FALSE(decodes(Extras{StepExtras{2, 2}})) << "of one step, where there are two";
  EXPECT_FALSE(decodes({{}, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}})) << "this version does not know so many";
  EXPECT_FALSE(decodes({{}, {std::uint64_t{1} << 32}}));
}

TEST_F(Story, ASnapshotKeepsTheLaterFieldsOfSteps) {
  found({});
  const PartyId ada = requester("ada", kMicroPerCredit);
  JobSpec spec = inline_job(3);
  spec.steps[0].most_at_once = 7;
  submit(ada, spec);
  const Durable& with = state();
  const Bytes snapshot = encode_state(with);
  Durable back;
  ASSERT_TRUE(decode_state(snapshot, back));
  EXPECT_EQ(back.jobs.begin()->second.steps[0].spec.most_at_once, 7U);
  EXPECT_EQ(encode_state(back), snapshot);
}

Bytes read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return Bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

/// Writes the story as it is told now: the journal of a new release.
void write_golden(const std::string& path, const std::vector<Event>& journal) {
  const Bytes bytes = encode_journal(journal);
  std::set<std::string> kinds;
  std::ofstream(path + ".sha256") << to_hex(sha256(encode_state(*replay(bytes, kinds)))) << "\n";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

/// Old journals must replay for ever: a new release adds one, and none is replaced. To write the newest:
/// REEVE_WRITE_GOLDEN=1 reeve_core_test --gtest_filter=*Golden*
TEST_F(Story, GoldenJournalsReplay) {
  const std::vector<std::string> journals{REEVE_GOLDEN "/journal-0.1.bin", REEVE_GOLDEN "/journal-0.2.bin"};
  if (std::getenv("REEVE_WRITE_GOLDEN") != nullptr) {  // NOLINT(concurrency-mt-unsafe): no thread runs
    tell();
    journal_.push_back(PolicyChanged{trusting()});  // the shell decides that one, at a start
    write_golden(journals.back(), journal_);
  }
  std::set<std::string> kinds;
  for (const std::string& path : journals) {
    const Bytes journal = read_file(path);
    ASSERT_FALSE(journal.empty()) << "cannot read " << path;
    const auto state = replay(journal, kinds);
    ASSERT_TRUE(state.has_value()) << path << ": an event does not decode, or gives other bytes";
    EXPECT_EQ(broken_invariant(*state), "") << path;
    std::string expected;
    std::ifstream(path + ".sha256") >> expected;
    EXPECT_EQ(to_hex(sha256(encode_state(*state))), expected) << path << " gives another state";
  }
  for (const Event& event : one_of_each(std::make_index_sequence<std::variant_size_v<Event>>()))
    EXPECT_TRUE(kinds.contains(event_name(event))) << event_name(event) << " is not in the story";
}

}  // namespace
}  // namespace reeve::core
