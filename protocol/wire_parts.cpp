#include "protocol/wire_parts.h"

#include <capnp/serialize.h>
#include <kj/exception.h>
#include <kj/io.h>

#include <algorithm>
#include <array>
#include <exception>

#include "protocol/utf8.h"

namespace reeve::wire {
namespace {

constexpr std::size_t kWordBytes = sizeof(capnp::word);
constexpr std::size_t kScratchWords = 8192;
// Structs nest six deep at most (Envelope, Commands, Command, SubmitJob, JobSpec, StepSpec, TaskNeed, Kernel,
// each through a list); a peer's detours beyond that are refused.
constexpr int kNestingLimit = 16;

std::string_view checked_text(capnp::Text::Reader text, std::size_t limit, const char* what) {
  check_length(text.size(), limit, what);
  const std::string_view view(text.begin(), text.size());
  for (std::size_t at = 0; at < view.size();) {
    const bool ascii = static_cast<unsigned char>(view[at]) < 0x80;  // most of all text, and quick
    const std::size_t length = ascii ? 1 : utf8_sequence(view, at);
    if (length == 0) refuse(std::string(what) + " is not UTF-8", "");
    at += length;
  }
  return view;
}

// Cap'n Proto reads words where they lie; libzmq and callers promise no alignment.
class AlignedWords {
 public:
  explicit AlignedWords(ByteView bytes) {
    const std::size_t words = bytes.size() / kWordBytes;
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(capnp::word) == 0) {
      words_ = kj::arrayPtr(reinterpret_cast<const capnp::word*>(bytes.data()), words);
      return;
    }
    copy_ = kj::heapArray<capnp::word>(words);
    std::memcpy(copy_.begin(), bytes.data(), words * kWordBytes);
    words_ = copy_;
  }
  kj::ArrayPtr<const capnp::word> get() const { return words_; }

 private:
  kj::Array<capnp::word> copy_;
  kj::ArrayPtr<const capnp::word> words_;
};

void read_words(kj::ArrayPtr<const capnp::word> words, ReadRoot read_root, void* out) {
  capnp::ReaderOptions options;
  // Every object is read once, a few pointers twice; what goes beyond points at the same words again and
  // again.
  options.traversalLimitInWords = 2 * words.size() + 64;
  options.nestingLimit = kNestingLimit;
  capnp::FlatArrayMessageReader reader(words, options);
  if (reader.getEnd() != words.end()) refuse("a message is followed by bytes that belong to nothing", "");
  read_root(reader, out);
}

Error malformed(std::string_view why) {
  return {ErrorCode::kInvalid, "a message is malformed: " + std::string(why.substr(0, 200)),
          "it was cut short or damaged, or the sender is faulty"};
}

}  // namespace

void refuse(const std::string& message, const std::string& hint) {
  throw Refused{{ErrorCode::kInvalid, message, hint}};
}

void refuse_length(const char* what, std::size_t length, std::size_t limit) {
  refuse(std::string(what) + " of length " + std::to_string(length) + " is too long",
         "at most " + std::to_string(limit));
}

kj::ArrayPtr<capnp::word> scratch_words() {
  thread_local std::array<capnp::word, kScratchWords> words{};
  return kj::arrayPtr(words.data(), words.size());
}

Bytes message_bytes(capnp::MessageBuilder& message) {
  const auto segments = message.getSegmentsForOutput();
  Bytes bytes(capnp::computeSerializedSizeInWords(segments) * kWordBytes);
  kj::ArrayOutputStream stream(kj::arrayPtr(bytes.data(), bytes.size()));
  capnp::writeMessage(stream, segments);
  return bytes;
}

Result<void> read_message(ByteView bytes, std::size_t limit_bytes, ReadRoot read_root, void* out) {
  if (bytes.size() > limit_bytes) {
    return Error{ErrorCode::kInvalid, "a message of " + std::to_string(bytes.size()) + " bytes is too long",
                 "at most " + std::to_string(limit_bytes)};
  }
  if (bytes.empty() || bytes.size() % kWordBytes != 0) return malformed("its length is no multiple of 8");
  try {
    read_words(AlignedWords(bytes).get(), read_root, out);
    return {};
  } catch (const Refused& refused) {
    return refused.error;
  } catch (const kj::Exception& exception) {
    return malformed(exception.getDescription().cStr());
  } catch (const std::exception& exception) {
    return malformed(exception.what());
  }
}

std::string read_text(capnp::Text::Reader text, std::size_t limit, const char* what) {
  return std::string(checked_text(text, limit, what));
}

std::string read_name(capnp::Text::Reader text, std::size_t limit, const char* what) {
  const std::string_view name = checked_text(text, limit, what);
  const bool clean =
      std::none_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (!clean) refuse(std::string(what) + " holds control characters", "use printable text");
  return std::string(name);
}

Bytes read_data(capnp::Data::Reader data, std::size_t limit, const char* what) {
  check_length(data.size(), limit, what);
  return {data.begin(), data.end()};
}

std::vector<Digest> read_digests(capnp::Data::Reader data, std::size_t limit, const char* what) {
  if (data.size() % sizeof(Digest) != 0) refuse(std::string(what) + " ends inside a digest", "");
  check_length(data.size() / sizeof(Digest), limit, what);
  std::vector<Digest> digests(data.size() / sizeof(Digest));
  if (!digests.empty()) std::memcpy(digests.data(), data.begin(), data.size());
  return digests;
}

TaskRange checked_range(std::uint32_t first, std::uint32_t count) {
  if (first > limits::kTasksPerStep || count > limits::kTasksPerStep - first) {
    refuse("tasks from " + std::to_string(first) + ", " + std::to_string(count) + " of them, leave the step",
           "a step has at most " + std::to_string(limits::kTasksPerStep) + " tasks");
  }
  return {first, count};
}

}  // namespace reeve::wire
