#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "protocol/result.h"

namespace reeve::agent {

/// The door of a running agent for the people of its own machine: a unix socket in its home, a line in, a
/// line out.
class ControlDoor {
 public:
  /// kConflict if an agent runs from this home already.
  static Result<ControlDoor> open(const std::filesystem::path& home);
  ControlDoor(ControlDoor&& other) noexcept;
  ControlDoor& operator=(ControlDoor&&) = delete;
  ~ControlDoor();

  int fd() const { return listener_; }
  /// Answers those who wait; each has a moment to say what he wants.
  void pump(const std::function<std::string(const std::string& line)>& answer);

 private:
  ControlDoor(std::filesystem::path path, int listener, int lock)
      : path_(std::move(path)), listener_(listener), lock_(lock) {}

  std::filesystem::path path_;
  int listener_;
  int lock_;
};

/// Says one line to the agent that runs from `home`. kUnreachable if none does.
Result<std::string> ask_agent(const std::filesystem::path& home, const std::string& line);

}  // namespace reeve::agent
