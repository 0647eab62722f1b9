#pragma once

#include <memory>
#include <optional>
#include <string>

#include "agent/worker/session.h"
#include "tests/agent/sandbox/program_fixture.h"

namespace reeve::agent::worker {

inline openjd::Environment environment(const std::string& name, const std::string& on_enter,
                                       const std::string& on_exit) {
  openjd::Environment made;
  made.name = name;
  if (!on_enter.empty()) made.on_enter = shell(on_enter);
  if (!on_exit.empty()) made.on_exit = shell(on_exit);
  return made;
}

/// One session, whose working directory can be looked at before it is gone.
class SessionTest : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    auto opened = sandbox::Sandbox::open("session-test-" + std::to_string(getpid()));
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    sandbox_ = std::move(opened).value();
    ASSERT_TRUE(inputs_.prepare({}, {}).ok());
  }

  Session& session() {
    if (session_) return *session_;
    SessionSignals signals{[this] { return cancelled_; }, [this](Duration time) { patience_ = time; }};
    session_ = std::make_unique<Session>(Session::Setup{*sandbox_,
                                                        script_,
                                                        inputs_,
                                                        folder_.path() / "session",
                                                        bounds_,
                                                        {{"PATH", "/usr/bin:/bin"}},
                                                        std::move(signals)});
    return *session_;
  }

  std::string work_file(const std::string& name) {
    std::ifstream file(session().work() / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string run_task(const std::string& number) {
    Bytes output;
    failure_ = session().run_task({}, {{"TASK", number}}, &output);
    return {output.begin(), output.end()};
  }

  std::unique_ptr<sandbox::Sandbox> sandbox_;
  sandbox::Bounds bounds_;
  StagedInputs inputs_{folder_.path() / "inputs"};
  std::optional<Duration> cancelled_;
  Duration patience_;
  std::optional<Failure> failure_;
  std::unique_ptr<Session> session_;
};

}  // namespace reeve::agent::worker
