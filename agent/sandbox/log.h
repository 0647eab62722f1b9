#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace reeve::agent::sandbox {

/// First and last words of what may be endless.
class Log {
 public:
  void add(std::string_view text);
  /// Clean (protocol/utf8.h).
  std::string text() const;

 private:
  /// An error message stands at one of the ends.
  static constexpr std::size_t kHeadBytes = 2048;
  static constexpr std::size_t kTailBytes = 6144;
  std::string head_;
  std::string tail_;
  std::uint64_t dropped_ = 0;
};

/// Cuts a stream into lines.
class Lines {
 public:
  explicit Lines(const std::function<void(std::string_view)>& on_line) : on_line_(on_line) {}
  void add(std::string_view text);
  /// What stands after the last line end is a line too.
  void end();

 private:
  /// Of a longer line the beginning counts: directives are short.
  static constexpr std::size_t kLineBytes = 65536;
  const std::function<void(std::string_view)>& on_line_;
  std::string line_;
};

}  // namespace reeve::agent::sandbox
