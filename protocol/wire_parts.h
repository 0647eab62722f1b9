#pragma once

#include <capnp/common.h>
#include <capnp/list.h>
#include <capnp/message.h>

#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "protocol/bytes.h"
#include "protocol/ids.h"
#include "protocol/limits.h"
#include "protocol/result.h"

/// What wire.cpp and bulk.cpp, and the files they are split into, share. Nobody else includes it.
///
/// Inside these files a refusal is thrown, as Cap'n Proto throws its own; read_message() is where both end
/// and become a Result.
namespace reeve::wire {

struct Refused {
  Error error;
};

[[noreturn]] void refuse(const std::string& message, const std::string& hint);
[[noreturn]] void refuse_length(const char* what, std::size_t length, std::size_t limit);

/// Serialises a finished message.
Bytes message_bytes(capnp::MessageBuilder& message);
/// Zeroed words for a message's first segment, of this thread: so most messages allocate nothing but their
/// bytes.
kj::ArrayPtr<capnp::word> scratch_words();

using ReadRoot = void (*)(capnp::MessageReader& reader, void* out);
Result<void> read_message(ByteView bytes, std::size_t limit_bytes, ReadRoot read_root, void* out);

// ---- bounded reads ----

inline void check_length(std::size_t length, std::size_t limit, const char* what) {
  if (length > limit) refuse_length(what, length, limit);
}

/// UTF-8 that may hold line breaks, as free text and JSON do.
std::string read_text(capnp::Text::Reader text, std::size_t limit, const char* what);
/// UTF-8 without control characters: what appears in lists, logs and metrics.
std::string read_name(capnp::Text::Reader text, std::size_t limit, const char* what);
Bytes read_data(capnp::Data::Reader data, std::size_t limit, const char* what);
std::vector<Digest> read_digests(capnp::Data::Reader data, std::size_t limit, const char* what);
TaskRange checked_range(std::uint32_t first, std::uint32_t count);

template <std::size_t N>
std::array<std::uint8_t, N> read_fixed(capnp::Data::Reader data, const char* what) {
  std::array<std::uint8_t, N> bytes;
  if (data.size() != N) {
    refuse(std::string(what) + " has " + std::to_string(data.size()) + " bytes",
           "it has " + std::to_string(N));
  }
  std::memcpy(bytes.data(), data.begin(), N);
  return bytes;
}

/// An enumerator up to `last`; both enumerations count alike.
template <class To, class From>
To read_enum(From value, To last, const char* what) {
  const auto number = static_cast<std::uint16_t>(value);
  if (number > static_cast<std::uint16_t>(last)) {
    refuse(std::string(what) + " " + std::to_string(number) + " is not known to this protocol",
           "upgrade the older side");
  }
  return static_cast<To>(number);
}

template <class To, class From>
To as_enum(From value) {
  return static_cast<To>(static_cast<std::uint16_t>(value));
}

template <class T, class List>
std::vector<T> read_numbers(const List& list, std::size_t limit, const char* what) {
  check_length(list.size(), limit, what);
  std::vector<T> numbers;
  numbers.reserve(list.size());
  for (const auto value : list)
    numbers.push_back(T(value));
  return numbers;
}

/// A list of structs, each through `get(element)`.
template <class List, class Get>
auto read_list(const List& list, std::size_t limit, const char* what, Get get) {
  check_length(list.size(), limit, what);
  std::vector<decltype(get(list[0]))> values;
  values.reserve(list.size());
  for (const auto element : list)
    values.push_back(get(element));
  return values;
}

template <class R>
StepRef read_step(const R& reader) {
  return {JobId(reader.getJob()), reader.getStep()};
}

template <class R>
TaskRange read_tasks(const R& reader) {
  return checked_range(reader.getFirst(), reader.getCount());
}

// ---- writes ----

inline capnp::Text::Reader text_of(const std::string& value) {
  return {value.data(), value.size()};
}

inline capnp::Data::Reader data_of(ByteView bytes) {
  return {bytes.data(), bytes.size()};
}

/// Digests lie side by side without padding.
inline capnp::Data::Reader data_of(const std::vector<Digest>& digests) {
  static_assert(sizeof(Digest) == 32);
  return {reinterpret_cast<const std::uint8_t*>(digests.data()), digests.size() * sizeof(Digest)};
}

template <class List, class T>
void put_numbers(List list, const std::vector<T>& numbers) {
  unsigned i = 0;
  for (const T& number : numbers) {
    if constexpr (std::is_integral_v<T>)
      list.set(i++, number);
    else
      list.set(i++, number.value());
  }
}

template <class B>
void put_step(B& builder, StepRef step) {
  builder.setJob(step.job.value());
  builder.setStep(step.step);
}

template <class B>
void put_tasks(B& builder, TaskRange tasks) {
  builder.setFirst(tasks.first);
  builder.setCount(tasks.count);
}

}  // namespace reeve::wire
