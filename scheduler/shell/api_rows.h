#pragma once

#include <nlohmann/json.hpp>

#include "scheduler/shell/api.h"

namespace reeve::shell {

/// A job as the view has it.
struct Api::JobRow {
  PartyId requester;
  Json json;     // what the API says of it, without its steps
  Bytes counts;  // archived StepCounts, one a step
};

/// Declare it before the statements that read.
class Api::OneEvent {
 public:
  OneEvent(Api& api, const std::function<void(const core::Durable&)>& question) : api_(api) {
    api_.sources_.view.ask([&](const core::Durable& state) {
      begun_ = api_.database_.exec("BEGIN; SELECT count(*) FROM meta;");
      question(state);
    });
  }
  ~OneEvent() {
    if (begun_) (void)api_.database_.exec("COMMIT").ok();
  }
  OneEvent(const OneEvent&) = delete;
  OneEvent& operator=(const OneEvent&) = delete;
  const Result<void>& begun() const { return begun_; }

 private:
  Api& api_;
  Result<void> begun_;
};

}  // namespace reeve::shell
