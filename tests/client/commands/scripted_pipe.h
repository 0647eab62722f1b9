#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "client/transport.h"

namespace reeve::client {

/// What a scripted region has heard and has yet to say.
template <class Message>
struct Script {
  std::function<void(Script&, const Message&)> on_message;  // may push answers
  std::deque<Message> answers;
  std::vector<Message> heard;
};

/// A pipe to a region that is a function.
template <class Message>
class ScriptedPipe : public MessagePipe<Message> {
 public:
  explicit ScriptedPipe(std::shared_ptr<Script<Message>> script) : script_(std::move(script)) {}
  Result<void> send(const Message& message) override {
    script_->heard.push_back(message);
    if (script_->on_message) script_->on_message(*script_, message);
    return {};
  }
  Result<std::optional<Message>> receive(Duration) override {
    if (script_->answers.empty()) return std::optional<Message>{};
    std::optional<Message> next = std::move(script_->answers.front());
    script_->answers.pop_front();
    return next;
  }

 private:
  std::shared_ptr<Script<Message>> script_;
};

}  // namespace reeve::client
